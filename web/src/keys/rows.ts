/** Moves the focus to the next or previous row of the page's table: to its first link or button, which Enter then follows. */
export function moveRow(by: 1 | -1) {
  const rows = [...document.querySelectorAll<HTMLElement>('main tbody tr')].filter((row) => row.querySelector('a, button'));
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + by))]!;
  row.querySelector<HTMLElement>('a, button')?.focus();
  row.scrollIntoView({ block: 'nearest' });
}
