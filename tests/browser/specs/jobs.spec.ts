import { until } from '../support/drover.ts';
import { expect, test } from '../support/test.ts';

test('a command is submitted, watched live and canceled', async ({ page, drover }) => {
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('textbox', { name: 'Command' }).fill('echo first; sleep 1; echo second >&2; sleep 300');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('log')).toContainText('first');
  await expect(page.getByRole('log')).toContainText('second');
  await expect(page.getByRole('main')).toContainText('running');
  const id = page.url().split('/').at(-1)!;
  await page.getByRole('button', { name: /^Cancel/ }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /Cancel (the|this)? ?job/i })
    .click();
  await expect(page.getByRole('main').getByText('canceled').first()).toBeVisible();
  expect(await drover.status(id)).toBe('canceled');
});

test('a script runs, is run again and duplicated with changes', async ({ page, drover }) => {
  await page.goto(`${drover.url}/run`);
  await page.getByRole('tab', { name: 'Script' }).click();
  // Typed faster than a person can, under load a line break overtakes the letters before it.
  await page.locator('.cm-content').fill('#!/bin/sh\necho "hello from a script"\nexit 3');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('log')).toContainText('hello from a script');
  await expect(page.getByRole('main').getByText('failed').first()).toBeVisible();
  await expect(page.locator('dl')).toContainText('3');
  const first = page.url();

  await page.getByRole('button', { name: 'Rerun' }).click();
  await expect(page).not.toHaveURL(first);
  await expect(page.getByRole('log')).toContainText('hello from a script');
  await page.getByRole('tab', { name: 'Related' }).click();
  await expect(page.getByRole('tabpanel', { name: 'Related' }).getByRole('link').first()).toHaveAttribute('href', new URL(first).pathname);

  const second = page.url();
  await page.getByRole('button', { name: 'Duplicate' }).click();
  await expect(page.locator('.cm-content')).toContainText('hello from a script');
  await page.locator('.cm-content').fill('echo changed');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('log')).toContainText('changed');
  await page.getByRole('tab', { name: 'Related' }).click();
  const origin = page.getByRole('tabpanel', { name: 'Related' }).getByRole('row').filter({ hasText: 'made from' });
  await expect(origin.getByRole('link')).toHaveAttribute('href', new URL(second).pathname);
});

test('jobs are filtered, searched, and the address can be shared', async ({ page, drover, browser }) => {
  await drover.ran({ command: 'echo apples', tags: ['fruit'] });
  await drover.ran({ command: 'exit 4' }, 'failed');
  await drover.submit({ command: 'echo later', delay: 3600 });
  await page.goto(`${drover.url}/jobs`);
  const table = page.getByRole('table', { name: 'Jobs' });
  await expect(table.getByRole('row')).toHaveCount(4);
  await page.getByRole('tab', { name: /failed/ }).click();
  await expect(table.getByRole('row')).toHaveCount(2);
  await expect(table).toContainText('exit 4');
  await page.getByRole('tab', { name: /All/ }).click();
  await page.getByRole('combobox', { name: 'Search jobs' }).fill('apples');
  await page.keyboard.press('Enter');
  await expect(table.getByRole('row')).toHaveCount(2);
  await expect(table).toContainText('echo apples');

  const other = await (await browser.newContext({ storageState: await page.context().storageState() })).newPage();
  await other.goto(page.url());
  await expect(other.getByRole('table', { name: 'Jobs' }).getByRole('row')).toHaveCount(2);
  await other.context().close();

  await page.getByRole('combobox', { name: 'Search jobs' }).fill('nothing like that');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toContainText('No job matches');
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await expect(table.getByRole('row')).toHaveCount(4);
});

test('new jobs and changes of status appear by themselves', async ({ page, drover }) => {
  await page.goto(`${drover.url}/jobs`);
  await expect(page.getByRole('button', { name: /Updates: live/ })).toBeVisible();
  const id = await drover.submit({ command: 'sleep 1; echo done', name: 'appears' });
  const row = page.getByRole('row').filter({ hasText: 'appears' });
  await expect(row).toContainText('completed');
  expect(await drover.status(id)).toBe('completed');
});

test('two thousand jobs keep no more rows in the page than are in sight, also at its end', async ({ page, drover }) => {
  for (let n = 0; n < 4; n++) {
    const body = Array.from({ length: 500 }, (_, i) => ({ command: 'true', delay: 3600, name: `later-${n * 500 + i}` }));
    await Promise.all(body.map((job) => drover.submit(job)));
  }
  await page.goto(`${drover.url}/jobs`);
  const table = page.getByRole('table', { name: 'Jobs' });
  await expect(table).toBeVisible();
  for (const loaded of [201, 301, 401]) {
    await page.getByTestId('jobs').evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
    await expect.poll(async () => Number(await table.getAttribute('aria-rowcount'))).toBeGreaterThanOrEqual(loaded);
    expect(await table.getByRole('row').count()).toBeLessThan(80);
  }
});

test('selected jobs are canceled together after a confirmation', async ({ page, drover }) => {
  const ids = [];
  for (let n = 0; n < 5; n++) ids.push(await drover.submit({ command: `echo ${n}`, delay: 3600, name: `waits-${n}` }));
  await page.goto(`${drover.url}/jobs`);
  for (const name of ['waits-1', 'waits-2', 'waits-3']) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
  const bar = page.getByRole('toolbar', { name: 'Selected jobs' });
  await expect(bar).toContainText('3');
  await bar.getByRole('button', { name: /^Cancel/ }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Cancel 3 jobs?');
  await dialog.getByRole('button', { name: 'Cancel 3 jobs' }).click();
  await expect(page.getByRole('row').filter({ hasText: 'canceled' })).toHaveCount(3);
  expect(await Promise.all(ids.map((id) => drover.status(id)))).toEqual(['scheduled', 'canceled', 'canceled', 'canceled', 'scheduled']);
});

test('bad input is told at its field and nothing is sent away', async ({ page, drover }) => {
  await page.goto(`${drover.url}/run`);
  await page.getByRole('textbox', { name: 'Command' }).fill('true');
  await page.getByRole('button', { name: 'Options' }).click();
  await page.getByLabel('Tags').first().fill('t'.repeat(101));
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Run ⌘/ }).click();
  await expect(page.getByText('Must be 1 to 100 characters.').first()).toBeVisible();
  await expect(page).toHaveURL(/\/run/);
  expect((await drover.api('GET', 'jobs/counts')).total).toBe(0);
});

test('a queue is paused and resumed', async ({ page, drover }) => {
  await drover.ran({ command: 'true' });
  await page.goto(`${drover.url}/queues`);
  const row = page.getByRole('row').filter({ hasText: 'default' });
  await row.getByRole('button', { name: 'Pause' }).click();
  const dialog = page.getByRole('dialog');
  if (await dialog.isVisible()) await dialog.getByRole('button', { name: /Pause/ }).click();
  await expect(row).toContainText('paused');
  const id = await drover.submit({ command: 'true' });
  await expect(row.getByRole('cell').nth(2)).toHaveText('1');
  expect(await drover.status(id)).toBe('queued');
  await row.getByRole('button', { name: 'Resume' }).click();
  await expect(row).toContainText('open');
  await until('the job runs', async () => (await drover.status(id)) === 'completed');
});

test('a queue that no worker serves says so while jobs wait in it', async ({ page, drover }) => {
  const id = await drover.submit({ command: 'true', queue: 'nobody' });
  await page.goto(`${drover.url}/queues`);
  const row = page.getByRole('row').filter({ hasText: 'nobody' });
  await expect(row).toContainText('no worker');
  await drover.api('POST', `jobs/${id}/cancel`);
  await expect(row).toContainText('open');
});
