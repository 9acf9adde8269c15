// Writes screenshots of every page in both themes and three widths: node scripts/shots.mjs URL TOKEN FOLDER
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [url, token, folder = 'shots', only] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
page.on('console', (message) => message.type() === 'error' && console.log('console:', page.url(), message.text().slice(0, 300)));
page.on('pageerror', (error) => console.log('page error:', page.url(), error.message.slice(0, 300)));
await page.goto(`${url}/signin`);
await page.getByLabel('Token', { exact: true }).fill(token);
await page.getByRole('button', { name: 'Sign in' }).click();
await page.waitForURL(`${url}/`);
await page.goto(`${url}/jobs`);
const jobs = await page.evaluate(async () => (await (await fetch('/api/v1/jobs?limit=20')).json()).items);
const job = jobs.find((each) => each.tags?.includes('shown')) ?? jobs[0];
const pages = {
  overview: '/',
  jobs: '/jobs',
  job: job ? `/jobs/${job.id}` : undefined,
  run: '/run',
  schedules: '/schedules',
  queues: '/queues',
  workers: '/workers',
  servers: '/servers',
  keys: '/keys',
  statistics: '/statistics',
  api: '/api',
  debug: '/debug',
};
for (const theme of ['dark', 'light']) {
  await page.evaluate((value) => localStorage.setItem('drover-theme', value), theme);
  for (const width of [1440, 820, 390]) {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
    for (const [name, path] of Object.entries(pages)) {
      if (!path || (only && !only.split(',').includes(`${name}-${theme}-${width}`) && !only.split(',').includes(name))) continue;
      await page.goto(url + path);
      await page.waitForTimeout(900);
      await page.screenshot({ path: `${folder}/${name}-${theme}-${width}.png` });
    }
  }
}
await browser.close();
