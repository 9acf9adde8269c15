import { until } from '../support/drover.ts';
import { expect, test } from '../support/test.ts';

test('a schedule is added with the next times in sight, edited, paused, resumed and deleted', async ({ page, drover }) => {
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await expect(page).toHaveURL(/\/schedules$/);
  await expect(page.getByRole('main')).toContainText('No schedules');
  await page.getByRole('button', { name: 'Add a schedule' }).first().click();
  const form = page.getByRole('dialog');
  const times = form.getByRole('group', { name: 'The next times' });
  await form.getByLabel('Schedule name').fill('backup');
  await form.getByLabel('Cron').fill('30 2 * *');
  await expect(form).toContainText('Is not a cron expression');
  await form.getByLabel('Cron').fill('30 2 * * *');
  await form.getByLabel('Time zone').fill('Europe/Berlin');
  await expect(times.getByRole('listitem')).toHaveCount(10);
  await expect(times.getByRole('listitem').first()).toContainText('02:30:00');
  await form.getByRole('textbox', { name: 'Command' }).fill('echo backed up');
  await form.getByRole('button', { name: 'Add the schedule' }).click();
  const row = page.getByRole('row').filter({ hasText: 'backup' });
  await expect(row).toContainText('Europe/Berlin');
  await expect(row).toContainText('on');
  expect((await drover.api('GET', 'schedules/backup')).job.command).toBe('echo backed up');

  await row.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('dialog').getByLabel('Cron').fill('0 0 6 * * MON');
  await page.getByRole('dialog').getByLabel('While its last job still runs').click();
  await page.getByRole('option', { name: 'wait until it has finished' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await expect(row).toContainText('0 0 6 * * MON');
  expect(await drover.api('GET', 'schedules/backup')).toMatchObject({ overlap: 'queue', timezone: 'Europe/Berlin', paused: false });

  await row.getByRole('button', { name: 'Pause' }).click();
  await expect(row).toContainText('when it is resumed');
  expect((await drover.api('GET', 'schedules/backup')).paused).toBe(true);
  await row.getByRole('button', { name: 'Resume' }).click();
  await expect(row).toContainText('in ');

  await row.getByRole('button', { name: 'More for backup' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the schedule' }).click();
  await expect(page.getByRole('main')).toContainText('No schedules');
  expect((await drover.api('GET', 'schedules')).items).toEqual([]);
});

test('a schedule is run now, fires by itself, and leads to its jobs', async ({ page, drover }) => {
  const schedule = await drover.api('POST', 'schedules', {
    name: 'tick',
    cron: '* * * * * *',
    paused: true,
    job: { command: 'echo ticked' },
  });
  await page.goto(`${drover.url}/schedules`);
  const row = page.getByRole('row').filter({ hasText: 'tick' });
  await expect(row).toContainText('none yet');
  await row.getByRole('button', { name: 'Run now' }).click();
  await expect(page.getByRole('log')).toContainText('ticked');
  await page.goBack();
  await row.getByRole('button', { name: 'Resume' }).click();
  await until('it has fired', async () => (await drover.api('GET', 'jobs?tag=schedule:tick')).items.length > 2);
  await row.getByRole('button', { name: 'Pause' }).click();
  await until('it is paused', async () => (await drover.api('GET', `schedules/${schedule.id}`)).paused);
  // The last firing came to the page by the event of its job.
  const { last_job_id: last } = await drover.api('GET', `schedules/${schedule.id}`);
  await expect(row.locator(`a[href="/jobs/${last}"]`)).toBeVisible();
  await expect(row).toContainText('completed');
  await row.getByRole('link', { name: 'tick', exact: true }).click();
  await expect(page).toHaveURL(/tag=schedule/);
  await expect(page.getByRole('table', { name: 'Jobs' }).getByRole('row').nth(2)).toContainText('tick');
});

test('a schedule that is refused says why at its field', async ({ page, drover }) => {
  await drover.api('POST', 'schedules', { name: 'taken', cron: '@daily', job: { command: 'true' } });
  await page.goto(`${drover.url}/schedules`);
  await page.getByRole('button', { name: 'Add a schedule' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Schedule name').fill('taken');
  await form.getByLabel('Cron').fill('@daily');
  await form.getByRole('button', { name: 'Add the schedule' }).click();
  await expect(form).toContainText('Write the command to run.');
  await form.getByRole('textbox', { name: 'Command' }).fill('true');
  await form.getByRole('button', { name: 'Add the schedule' }).click();
  await expect(form.getByRole('alert')).toContainText('taken');
  expect((await drover.api('GET', 'schedules')).items).toHaveLength(1);
});
