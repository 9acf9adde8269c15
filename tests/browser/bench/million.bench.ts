import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Drover, until as wait } from '../support/drover.ts';
import { test as base, expect } from '../support/test.ts';
import { report, smoothness, until, watch } from './measure.ts';

const JOBS = Number(process.env.BENCH_JOBS ?? 1_000_000);
const BENCH = resolve(import.meta.dirname, '../../../bench/Drover.Bench/bin/Release/net10.0/Drover.Bench');

const test = base.extend({
  drover: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-browser-'));
    console.log(`\n${execFileSync(BENCH, ['store', 'fill', folder, String(JOBS)], { encoding: 'utf8' }).trim()}`);
    const drover = await Drover.start({ folder });
    await use(drover);
    await drover.dispose();
  },
});

const ROWS = "document.querySelector('[role=row][data-id]') && !document.querySelector('[aria-busy=true]')";
// What the first row shows; another text is another list.
const FIRST = "document.querySelector('[role=row][data-id]')?.dataset.id";

test(`${JOBS} jobs in the store`, async ({ page, drover }) => {
  await wait('the history is loaded', async () => (await drover.api('GET', 'jobs/counts')).total >= JOBS, 120);
  const took: Record<string, number> = {};
  const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
  // Each action five times; the median is told, and the worst beside it.
  const measure = async (what: string, act: () => Promise<unknown>, ready: string, back: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let n = 0; n < 5; n++) {
      times.push(await until(page, act, ready));
      await back();
    }
    took[what] = median(times);
    took[`${what}, worst`] = Math.max(...times);
  };
  const search = page.getByRole('combobox', { name: 'Search jobs' });
  const home = async () => {
    await page.getByRole('tab', { name: /All/ }).click();
    await search.fill('');
    await search.press('Enter');
    await page.waitForFunction(ROWS);
    await page.waitForTimeout(200);
  };
  const first = () => page.evaluate(FIRST);
  // Another first row, or none to be found: the answer is shown.
  const changed = (id: unknown) =>
    `(${FIRST} !== ${JSON.stringify(id)} && ${ROWS}) || /No job matches/.test(document.querySelector('main').textContent)`;

  await page.goto(`${drover.url}/jobs`);
  await page.waitForFunction(ROWS);
  await watch(page);
  const top = await first();
  await measure('filter by status', () => page.getByRole('tab', { name: /failed/ }).click(), changed(top), home);
  const bottom = "document.querySelector('[role=table]').getAttribute('aria-rowcount')";
  const type = (text: string) => async () => {
    await search.fill(text);
    await search.press('Enter');
  };
  await measure('search, one hit', type('artifact-123450.tgz'), changed(top), home);
  await measure('text and status', type('"tar czf" status:failed'), changed(top), home);
  await measure('search, nothing', type('no such text anywhere'), changed(top), home);
  await measure('by tag', type('tag:tag-10'), changed(top), home);
  await measure(
    'oldest first',
    () => page.getByLabel('Order').selectOption('created_at'),
    changed(top),
    async () => {
      await page.getByLabel('Order').selectOption('-created_at');
      await page.waitForTimeout(300);
    },
  );
  await measure(
    'by priority',
    () => page.getByLabel('Order').selectOption('priority'),
    changed(top),
    async () => {
      await page.getByLabel('Order').selectOption('-created_at');
      await page.waitForTimeout(300);
    },
  );
  for (let n = 0; n < 20; n++) {
    const rows = await page.evaluate(bottom);
    const time = await until(
      page,
      () =>
        page.evaluate(() => {
          window.dispatchEvent(new Event('bench'));
          const list = document.querySelector('[data-testid=jobs]')!;
          list.scrollTop = list.scrollHeight;
        }),
      `Number(${bottom}) > ${rows}`,
    );
    took['next page, worst of 20'] = Math.max(took['next page, worst of 20'] ?? 0, time);
  }
  await page.mouse.move(700, 500);
  for (let n = 0; n < 40; n++) {
    await page.mouse.wheel(0, n % 2 ? -1800 : 900);
    await page.waitForTimeout(50);
  }
  expect(await page.getByRole('table', { name: 'Jobs' }).getByRole('row').count()).toBeLessThan(80);
  report(`${JOBS} jobs, ms from action to rows`, took);
  const smooth = await smoothness(page);
  report('frames meanwhile', {
    'worst ms': smooth.worst,
    'p99 ms': smooth.p99,
    'long tasks': smooth.longTasks,
    'longest ms': smooth.longest,
  });

  for (const [name, path] of [
    ['overview', '/'],
    ['jobs', '/jobs'],
    ['queues', '/queues'],
    ['statistics', '/statistics'],
  ] as const) {
    const begin = Date.now();
    await page.goto(drover.url + path);
    await page.waitForFunction("document.querySelector('main h1') && !document.querySelector('[aria-busy=true], main .skeleton')");
    took[name] = Date.now() - begin;
    report(`opening ${name}`, { ms: took[name] });
  }
});
