const told = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name="drover-${name}"]`)?.content ?? '';

/** Where the dashboard stands: nothing at the root of its host, `/drover` below a prefix. The server writes it into the page. */
export const PREFIX = told('prefix');

/** Drover is a part of somebody's own program: that one signs people in, and there are neither servers nor keys. */
export const EMBEDDED = told('mode') === 'embedded';
