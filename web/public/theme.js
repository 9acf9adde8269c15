// Runs before the first paint, so that a dark page never flashes white. A file of its own, for the page's policy forbids inline scripts.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('drover-theme');
  } catch {}
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
