import { Drover, freePort } from '../support/drover.ts';
import { takeTasks } from '../support/tasks.ts';
import { test as base, expect } from '../support/test.ts';
import { footprint, report, smoothness, watch } from './measure.ts';

const test = base.extend({
  drover: async ({}, use) => {
    const drover = await Drover.start({ queuePort: await freePort() });
    await use(drover);
    await drover.dispose();
  },
});
const SECONDS = Number(process.env.BENCH_SECONDS ?? 30);

// A job tells of itself three times: accepted, running, completed. 56 jobs a second are 10,000 updates a minute, 170 are 30,000.
for (const perSecond of [56, 170]) {
  for (const reading of [false, true]) {
    test(`${perSecond * 180} updates a minute, ${reading ? 'scrolling' : 'at the top'}`, async ({ page, drover }) => {
      const end = await takeTasks(drover.queuePort!, drover.token, 'bench', 300);
      const submit = (n: number) => drover.submit({ job_type: 'bench', payload: { n }, name: `job-${n}` });
      for (let n = 0; n < 300; n++) await submit(n);
      await page.goto(`${drover.url}/jobs`);
      await expect(page.getByRole('table', { name: 'Jobs' })).toBeVisible();

      let sent = 300;
      const begin = Date.now();
      const feed = (async () => {
        for (let left = () => begin + SECONDS * 1000 - Date.now(); left() > 0; ) {
          const due = 300 + Math.floor(((Date.now() - begin) / 1000) * perSecond);
          const wave = Array.from({ length: Math.min(50, due - sent) }, () => submit(sent++));
          await Promise.all(wave);
          await new Promise((wait) => setTimeout(wait, 20));
        }
      })();
      await page.waitForTimeout(3000);
      const session = await page.context().newCDPSession(page);
      await session.send('Performance.enable');
      const before = await footprint(session);
      const measured = Date.now();
      await watch(page);
      let rows = 0;
      while (Date.now() < begin + (SECONDS - 2) * 1000) {
        if (reading) {
          await page.mouse.move(700, 500);
          await page.mouse.wheel(0, 240);
        }
        await page.waitForTimeout(250);
        rows = Math.max(rows, await page.getByRole('table', { name: 'Jobs' }).getByRole('row').count());
      }
      const smooth = await smoothness(page);
      const seconds = (Date.now() - measured) / 1000;
      await feed;
      const after = await footprint(session);
      report(`${Math.round(((sent - 300) / SECONDS) * 180)} updates a minute, ${reading ? 'scrolling' : 'at the top'}`, {
        'frames/s': smooth.frames / seconds,
        'frame p99 ms': smooth.p99,
        'worst ms': smooth.worst,
        'over 50 ms': smooth.over50,
        'long tasks': smooth.longTasks,
        'longest ms': smooth.longest,
        'page busy %': ((after.busy - before.busy) / seconds) * 100,
        'rows in the page': rows,
        'nodes before': before.nodes,
        after: after.nodes,
        'MB before': before.megabytes,
        'MB after': after.megabytes,
      });
      await end();
    });
  }
}
