import { expect, test } from '../support/test.ts';
import { report } from './measure.ts';

test('the first load', async ({ page, drover, browser }) => {
  await drover.ran({ command: 'true' });
  const state = await page.context().storageState();
  for (const what of ['empty cache', 'empty cache', 'empty cache', 'warm cache']) {
    const context = await browser.newContext({ storageState: state });
    const fresh = await context.newPage();
    if (what === 'warm cache') await fresh.goto(drover.url, { waitUntil: 'networkidle' });
    await fresh.goto('about:blank');
    const session = await context.newCDPSession(fresh);
    await session.send('Network.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    await fresh.addInitScript(() => {
      const seen = { shown: 0, long: 0, last: 0 };
      (window as unknown as { seen: typeof seen }).seen = seen;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          seen.long += entry.duration - 50;
          seen.last = entry.startTime + entry.duration;
        }
      }).observe({ type: 'longtask' });
      const look = () => {
        // The page answers: its heading and numbers stand, the live line is open.
        if (document.querySelector('main h1') && /live/.test(document.querySelector('header')?.textContent ?? ''))
          seen.shown = performance.now();
        else requestAnimationFrame(look);
      };
      document.addEventListener('DOMContentLoaded', look);
    });
    await fresh.goto(drover.url);
    await expect.poll(() => fresh.evaluate(() => (window as unknown as { seen: { shown: number } }).seen.shown)).toBeGreaterThan(0);
    const seen = await fresh.evaluate(() => {
      const { seen } = window as unknown as { seen: { shown: number; long: number; last: number } };
      const paint = performance.getEntriesByName('first-contentful-paint')[0];
      return { ...seen, paint: paint?.startTime ?? 0 };
    });
    report(`first load, ${what}`, {
      'first paint ms': seen.paint,
      'interactive ms': Math.max(seen.shown, seen.last),
      'blocked ms': seen.long,
      KB: bytes / 1024,
    });
    await context.close();
  }
});
