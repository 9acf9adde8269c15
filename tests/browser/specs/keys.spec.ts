import { expect, test } from '../support/test.ts';

test('rows are moved through, chosen, opened and stepped through by keys alone, also after a reload', async ({ page, drover }) => {
  const ids = [];
  for (let n = 0; n < 6; n++) ids.push(await drover.submit({ command: `echo ${n}`, delay: 3600, name: `waits-${n}` }));
  await page.goto(`${drover.url}/jobs`);
  const table = page.getByRole('table', { name: 'Jobs' });
  await expect(table).toContainText('waits-0');
  for (const key of ['j', 'x', 'j', 'j', 'X']) await page.keyboard.press(key);
  await expect(page.getByRole('toolbar', { name: 'Selected jobs' })).toContainText('3 selected');
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('option', { name: 'Cancel 3 selected' }).click();
  await expect(page.getByRole('dialog')).toContainText('Cancel 3 jobs?');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('toolbar', { name: 'Selected jobs' })).toHaveCount(0);

  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'waits-3', level: 1 })).toBeVisible();
  await page.keyboard.press(']');
  await expect(page.getByRole('heading', { name: 'waits-2', level: 1 })).toBeVisible();
  await page.keyboard.press('[');
  await expect(page).toHaveURL(new RegExp(ids[3]!));
  await page.keyboard.press('e');
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Command' })).toHaveValue('echo 3');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('p');
  await expect(page.getByTestId('live')).toHaveAttribute('data-state', 'paused');
});

test('a dialog takes the focus and gives it back, and a held Enter confirms nothing that cannot be taken back', async ({
  page,
  drover,
}) => {
  const id = await drover.submit({ command: 'true', delay: 3600 });
  await page.goto(`${drover.url}/servers`);
  const add = page.getByRole('button', { name: 'Add a server' });
  await add.focus();
  const dialog = page.getByRole('dialog');
  for (const open of ['Control+k', '?', 'c', 'Enter']) {
    await page.keyboard.press(open);
    await expect(dialog).toBeVisible();
    await expect.poll(() => dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await expect(add).toBeFocused();
  }
  await page.goto(`${drover.url}/jobs/${id}`);
  const cancel = page.getByRole('button', { name: 'Cancel', exact: true });
  await cancel.focus();
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: 'Keep as it is' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(cancel).toBeFocused();
  expect(await drover.status(id)).toBe('scheduled');
});

test('search tokens are completed: first the name, then its values', async ({ page, drover }) => {
  await drover.submit({ command: 'echo a', delay: 3600, tags: ['nightly'], name: 'tagged' });
  await drover.submit({ command: 'echo b', delay: 3600, name: 'untagged' });
  await page.goto(`${drover.url}/jobs`);
  const table = page.getByRole('table', { name: 'Jobs' });
  await expect(table).toContainText('untagged');
  await page.keyboard.press('/');
  await page.keyboard.type('ta');
  await expect(page.getByRole('option', { name: 'tag:' })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('option', { name: 'tag:nightly' })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/tag=nightly/);
  await expect(table).not.toContainText('untagged');
});

test('new jobs are held back while one reads, and shown when asked for', async ({ page, drover }) => {
  await drover.api('POST', 'jobs/bulk', {
    jobs: Array.from({ length: 60 }, (_, n) => ({ command: 'true', delay: 3600, name: `old-${n}` })),
  });
  let reads = 0;
  page.on('response', (answer) => {
    if (answer.url().includes('/api/v1/jobs?')) reads++;
  });
  await page.goto(`${drover.url}/jobs`);
  const table = page.getByRole('table', { name: 'Jobs' });
  await expect(table).toContainText('old-59');
  // Once it hears of changes it reads the list a second time.
  await expect.poll(() => reads).toBeGreaterThan(1);
  await expect(page.getByTestId('live')).toHaveAttribute('data-state', 'live');
  await page.getByTestId('jobs').evaluate((list) => list.scrollTo({ top: 300 }));
  const read = table.getByRole('row').filter({ hasText: 'old-40' });
  await expect(read).toBeInViewport();
  const place = await read.boundingBox();
  for (let n = 0; n < 3; n++) await drover.submit({ command: 'true', delay: 3600, name: `fresh-${n}` });
  const held = page.getByRole('button', { name: '3 new' });
  await expect(held).toBeVisible();
  expect(await read.boundingBox()).toEqual(place);
  await held.click();
  await expect(table).toContainText('fresh-2');
  await expect(held).toHaveCount(0);
});

test('a view is saved, columns are chosen, all that match are acted on after a count', async ({ page, drover }) => {
  const jobs = Array.from({ length: 130 }, (_, n) => ({ command: 'true', delay: 3600, name: `many-${n}`, tags: ['many'] }));
  await drover.api('POST', 'jobs/bulk', { jobs: [...jobs, { command: 'true', delay: 3600, name: 'another' }] });
  await page.goto(`${drover.url}/jobs?tag=many`);
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Tags', exact: true }).check();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('columnheader', { name: 'Tags' })).toBeVisible();
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByLabel('Name of the view').fill('The many');
  await page.keyboard.press('Enter');
  await page.goto(`${drover.url}/jobs`);
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'The many' }).click();
  await expect(page.getByRole('columnheader', { name: 'Tags' })).toBeVisible();
  await expect(page).toHaveURL(/tag=many/);

  await page.getByLabel('Select all that are loaded').check();
  await page.getByRole('button', { name: 'Select all 130 matching' }).click();
  await page.getByRole('toolbar', { name: 'Selected jobs' }).getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel 130 jobs' }).click();
  await expect.poll(async () => (await drover.api('GET', 'jobs/counts')).canceled).toBe(130);
  expect((await drover.api('GET', 'jobs/counts')).scheduled).toBe(1);
});
