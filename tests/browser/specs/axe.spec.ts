import { violationsOn } from '../support/axe.ts';
import { expect, test } from '../support/test.ts';

// Colours do not depend on the width, so that a phone is looked at in one theme.
for (const [theme, width] of [
  ['dark', 1440],
  ['light', 1440],
  ['light', 390],
] as const) {
  test(`every page is accessible: ${theme}, ${width} pixels`, async ({ page, drover }) => {
    test.setTimeout(240_000);
    await page.setViewportSize({ width, height: 900 });
    const failed = await drover.ran({ command: 'echo out; echo err >&2; exit 3', tags: ['x'] }, 'failed');
    await drover.submit({ command: 'echo later', delay: 3600 });
    await drover.submit({ command: 'sleep 300' });
    await drover.api('POST', 'servers', {
      name: 'web-1',
      hostname: '127.0.0.1',
      port: 1,
      user: 'u',
      auth_type: 'password',
      password: 'p',
    });
    await drover.api('POST', 'schedules', { name: 'nightly', cron: '30 2 * * *', timezone: 'Europe/Berlin', job: { command: 'true' } });
    await page.evaluate((value) => localStorage.setItem('drover-theme', value), theme);
    const found: string[] = [];
    const look = async (where: string) => {
      found.push(...(await violationsOn(page, where)));
    };
    for (const path of [
      '/',
      '/jobs',
      `/jobs/${failed}`,
      '/run',
      '/schedules',
      '/queues',
      '/workers',
      '/servers',
      '/keys',
      '/statistics',
      '/api',
      '/debug',
    ]) {
      await page.goto(drover.url + path);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expect(page.locator('[data-skeleton], .skeleton')).toHaveCount(0);
      await look(path);
    }
    await page.goto(`${drover.url}/servers`);
    await page.getByRole('button', { name: 'Add a server' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await look('add a server');
    await page.goto(`${drover.url}/schedules`);
    await page.getByRole('button', { name: 'Edit' }).click();
    await expect(page.getByRole('group', { name: 'The next times' }).getByRole('listitem')).toHaveCount(10);
    await look('edit a schedule');
    await page.goto(`${drover.url}/jobs`);
    await expect(page.getByRole('table', { name: 'Jobs' })).toBeVisible();
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('dialog')).toBeVisible();
    await look('palette');
    expect(found).toEqual([]);
  });
}
