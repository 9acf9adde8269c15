const WORDS: Record<string, string> = {
  name: 'name not found',
  connect: 'no connection',
  host_key: 'host key',
  sign_in: 'sign-in refused',
  run: 'no command runs',
};

/** What a check of a server failed at, in words for a badge. */
export const stepWords = (step?: string | null) => (step ? (WORDS[step] ?? step.replaceAll('_', ' ')) : 'unreachable');
