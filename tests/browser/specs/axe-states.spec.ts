import { violationsOn } from '../support/axe.ts';
import { expect, test } from '../support/test.ts';

for (const theme of ['dark', 'light']) {
  test(`what is opened on a page is accessible: ${theme}`, async ({ page, drover }) => {
    test.setTimeout(240_000);
    const failed = await drover.ran({ command: 'echo out; echo err >&2; exit 3', tags: ['x'] }, 'failed');
    await drover.submit({ command: 'echo later', delay: 3600 });
    await page.evaluate((value) => localStorage.setItem('drover-theme', value), theme);
    const found: string[] = [];
    const look = async (where: string) => {
      // A dialog that is still fading in has the contrast of neither.
      await page.waitForFunction(() =>
        document.getAnimations().every((each) => each.playState !== 'running' || each.effect?.getTiming().iterations === Infinity),
      );
      found.push(...(await violationsOn(page, where)));
    };
    for (const tab of ['attempts', 'input', 'events']) {
      await page.goto(`${drover.url}/jobs/${failed}?tab=${tab}`);
      await expect(page.getByRole('tabpanel')).toBeVisible();
      await look(`job, ${tab}`);
    }
    for (const [key, shown] of [
      ['c', 'Run a job'],
      ['?', 'Keyboard shortcuts'],
    ] as const) {
      await page.keyboard.press(key);
      await expect(page.getByRole('dialog', { name: shown })).toBeVisible();
      await look(shown);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
    }
    await page.goto(`${drover.url}/api`);
    await page.getByText('List jobs', { exact: true }).click();
    await page.getByRole('button', { name: 'Send' }).click();
    await expect(page.getByRole('main')).toContainText('next_cursor');
    await look('an operation');

    await page.goto(`${drover.url}/jobs`);
    await page.getByRole('checkbox', { name: 'Select echo later' }).check();
    const bar = page.getByRole('toolbar', { name: 'Selected jobs' });
    await bar.getByRole('button', { name: 'Delete' }).click();
    await expect(page.getByText('The job has not ended.')).toBeVisible();
    await bar.getByRole('button', { name: 'Cancel' }).click();
    await expect(page.getByRole('dialog')).toContainText('Cancel 1 job?');
    await look('a question and a refusal');
    expect(found).toEqual([]);
  });
}
