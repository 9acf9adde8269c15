import { expect, test } from '../support/test.ts';

test('the theme is changed and kept', async ({ page }) => {
  const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme);
  const before = await scheme();
  await page.getByRole('button', { name: /^(Dark|Light) theme$/ }).click();
  await expect.poll(scheme).not.toBe(before);
  const after = await scheme();
  await page.reload();
  await expect.poll(scheme).toBe(after);
  await expect(page.getByRole('button', { name: 'Account and help' })).toBeVisible();
  await page.keyboard.press('t');
  await expect.poll(scheme).toBe(before);
});

test('the command palette opens pages and jobs', async ({ page, drover }) => {
  const id = await drover.ran({ command: 'echo findable', name: 'find me' });
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible();
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog');
  await palette.getByRole('combobox').fill('workers');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Workers', level: 1 })).toBeVisible();
  await page.keyboard.press('Control+k');
  await palette.getByRole('combobox').fill('find me');
  // The entry that searches is there at once and holds the same words; the job's own comes with the answer.
  await palette.getByRole('option').filter({ hasText: 'find me', hasNotText: 'Search all jobs' }).click();
  await expect(page).toHaveURL(new RegExp(id));
});

test('the keyboard alone runs, finds, opens and cancels a job', async ({ page, drover }) => {
  await page.keyboard.press('c');
  await expect(page.getByRole('textbox', { name: 'Command' })).toBeFocused();
  await page.keyboard.type('echo by keyboard; sleep 300');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('log')).toContainText('by keyboard');
  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await expect(page.getByRole('heading', { name: 'Jobs', level: 1 })).toBeVisible();
  await expect(page.getByRole('table', { name: 'Jobs' })).toContainText('by keyboard');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/jobs\/[0-9a-f-]{36}/);
  await page.keyboard.press('Backspace');
  await expect(page.getByRole('dialog')).toContainText('Cancel this job?');
  await page.keyboard.press('Tab');
  const confirm = page
    .getByRole('dialog')
    .getByRole('button', { name: /cancel/i })
    .last();
  await confirm.focus();
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await drover.api('GET', 'jobs/counts')).canceled).toBe(1);
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('g j');
});

for (const [width, height] of [
  [390, 844],
  [820, 1180],
] as const) {
  test(`at ${width} pixels everything is reached and nothing is cut off`, async ({ page, drover }) => {
    await page.setViewportSize({ width, height });
    const id = await drover.ran({ command: 'echo small screen' });
    for (const path of ['/', '/jobs', `/jobs/${id}`, '/run', '/queues', '/workers', '/servers', '/keys', '/statistics', '/api', '/debug']) {
      await page.goto(drover.url + path);
      await expect(page.getByRole('main')).toBeVisible();
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
    }
    if (width < 600) {
      await page.getByRole('button', { name: 'Open the menu' }).click();
      await page.getByRole('dialog').getByRole('link', { name: 'Jobs', exact: true }).click();
      await expect(page.getByRole('heading', { name: 'Jobs', level: 1 })).toBeVisible();
    }
    await page.goto(`${drover.url}/jobs`);
    await page.getByText('echo small screen').first().click();
    await expect(page.getByRole('log')).toContainText('small screen');
  });
}

test('a page that is not there and a job that is not there say so', async ({ page, drover }) => {
  await page.goto(`${drover.url}/jobs/01890a5d-ac96-774b-bcce-b302099a8057`);
  await expect(page.getByRole('main')).toContainText('There is no such job');
  await page.goto(`${drover.url}/no-such-page`);
  await expect(page.getByRole('main')).toContainText('There is no such page');
});

test('j and k move through the rows of any list, Enter opens one', async ({ page, drover }) => {
  for (const name of ['first', 'second', 'third'])
    await drover.api('POST', 'schedules', { name, cron: '@daily', job: { command: 'true' } });
  await page.goto(`${drover.url}/schedules`);
  await expect(page.getByRole('link', { name: 'third', exact: true })).toBeVisible();
  const rows = await page.getByRole('main').locator('tbody tr strong').allTextContents();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await expect(page.getByRole('link', { name: rows[1]!, exact: true })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`tag=schedule%3A${rows[1]}`));
});

test('the debug page tells the configuration in force, without secrets', async ({ page, drover }) => {
  await page.goto(`${drover.url}/debug`);
  const settings = page.getByRole('region', { name: 'Settings' });
  await expect(settings.getByRole('row').filter({ hasText: 'SERVER_ADDR' })).toContainText(new URL(drover.url).host);
  await expect(page.getByRole('main')).toContainText('log level');
  await expect(settings).not.toContainText(drover.token);
});

test('a queue shows how fast it fills and empties', async ({ page, drover }) => {
  await drover.ran({ command: 'true' });
  await page.goto(`${drover.url}/queues`);
  const row = page.getByRole('row').filter({ hasText: 'default' });
  await expect(row).toContainText('0.02/s');
  expect((await drover.api('GET', 'queues/default/stats')).p50_wait_time).toBeGreaterThan(0);
});
