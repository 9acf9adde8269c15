import { expect, test } from '../support/test.ts';

test('a duplicate keeps what no field shows, and a job is copied whole', async ({ page, drover, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const id = await drover.ran({ command: 'cat', stdin: 'fed to it', env: { A: '1 2' }, working_dir: '/tmp', name: 'reads' });
  await page.goto(`${drover.url}/jobs/${id}`);
  await page.getByRole('button', { name: 'Duplicate' }).click();
  const dialog = page.getByRole('dialog');
  const preview = dialog.getByRole('group', { name: 'What will be run' });
  await expect(preview).toContainText('standard input (9 characters)');
  await expect(preview.locator('code')).toHaveText("cd /tmp\nexport A='1 2'\ncat");
  await dialog.getByRole('button', { name: 'Copy as' }).click();
  await page.getByRole('menuitem', { name: 'drover' }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe(`printf %s 'fed to it' | drover run --on local --name reads --cwd /tmp --env 'A=1 2' --stdin -- cat`);
  await page.keyboard.press('Control+Enter');
  await expect(page).not.toHaveURL(new RegExp(id));
  await expect(page.getByRole('log')).toContainText('fed to it');
});

test('a job says what it waits for: another job, a limit', async ({ page, drover }) => {
  const first = await drover.submit({ command: 'true', delay: 3600 });
  const second = await drover.submit({ command: 'true', after: { job_id: first } });
  await page.goto(`${drover.url}/jobs/${second}`);
  const why = page.getByRole('main');
  await expect(why).toContainText('It waits until another job has completed.');
  await expect(why).not.toContainText('Its time comes');
  await page.getByRole('link', { name: 'another job' }).click();
  await expect(page).toHaveURL(new RegExp(first));

  await drover.api('PUT', 'limits/queue:narrow', { max_running: 1 });
  await drover.api('POST', 'queues/narrow/pause');
  const third = await drover.submit({ command: 'true', queue: 'narrow' });
  await page.goto(`${drover.url}/jobs/${third}`);
  await expect(why).toContainText('The queue “narrow” is paused.');
});

test('the jobs of a batch are listed from each of them', async ({ page, drover }) => {
  const batch = await drover.api('POST', 'batches', {
    jobs: [
      { command: 'true', name: 'one' },
      { command: 'true', name: 'two' },
    ],
  });
  await drover.ran({ command: 'true', name: 'alone' });
  const { items } = await drover.api('GET', `jobs?batch_id=${batch.id}`);
  await page.goto(`${drover.url}/jobs/${items[0].id}`);
  await page.getByRole('link', { name: batch.id.slice(-12) }).click();
  const table = page.getByRole('table', { name: 'Jobs' });
  await expect(table).toContainText('two');
  await expect(table).not.toContainText('alone');
  await expect(page.getByRole('combobox', { name: 'Search jobs' })).toHaveValue(`batch:${batch.id}`);
});

test('a job that is left and opened again shows its attempts as they are', async ({ page, drover }) => {
  const id = await drover.submit({ command: 'while [ ! -e go ]; do sleep 0.1; done', working_dir: drover.folder, name: 'comes back' });
  await page.goto(`${drover.url}/jobs/${id}?tab=attempts`);
  await expect(page.getByRole('tabpanel')).toContainText('running');
  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await drover.ran({ command: `touch '${drover.folder}/go'` });
  await expect(page.getByRole('row').filter({ hasText: 'comes back' })).toContainText('completed');
  await page.goBack();
  await expect(page.getByRole('tabpanel')).toContainText('completed');
});

test('long names, many tags and long commands leave every button in sight', async ({ page, drover }) => {
  const long = 'a-name-that-goes-on-and-on-until-it-fits-in-no-column-at-all-and-then-some';
  await drover.api('POST', 'schedules', { name: long, cron: '@daily', job: { command: `echo ${'x'.repeat(5000)}` } });
  const id = await drover.ran({
    command: `echo ${'y'.repeat(10_000)}`,
    name: `名前 ${long} ${long}`,
    tags: Array.from({ length: 32 }, (_, n) => `tag-${n}-${'z'.repeat(20)}`),
  });
  for (const width of [1440, 1000]) {
    await page.setViewportSize({ width, height: 900 });
    for (const path of ['/schedules', '/jobs', `/jobs/${id}`, '/statistics', '/']) {
      await page.goto(drover.url + path);
      await expect(page.getByRole('main').getByRole('button').first()).toBeVisible();
      const cut = () =>
        page
          .getByRole('main')
          .getByRole('button')
          .evaluateAll(
            (buttons) => buttons.filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth).length,
          );
      await expect.poll(cut, `${path} at ${width}`).toBe(0);
    }
  }
});

test('what is brushed over on the statistics page is opened, and so is a line of its table', async ({ page, drover }) => {
  for (let n = 0; n < 4; n++) await drover.ran({ command: `sleep 0.${n}`, name: n % 2 ? 'odd' : 'even' });
  await page.goto(`${drover.url}/statistics`);
  const plot = page.locator('.recharts-surface').first();
  await expect(plot.locator('path[data-status=completed]')).toHaveAttribute('data-count', '4');
  const box = (await plot.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.45);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.45, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/\/jobs\?after=.*before=/);
  await page.goBack();
  await page.getByRole('link', { name: 'odd', exact: true }).click();
  await expect(page.getByRole('table', { name: 'Jobs' }).getByRole('row')).toHaveCount(3);
});

test('on a phone the menu holds the search', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('button', { name: 'Open the menu' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Search' }).click();
  await page.getByRole('combobox', { name: 'Search pages, jobs and verbs' }).fill('work');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Workers', level: 1 })).toBeVisible();
});
