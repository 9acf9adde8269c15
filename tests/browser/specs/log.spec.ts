import { until } from '../support/drover.ts';
import { expect, test } from '../support/test.ts';

test('following lets go when the reader scrolls up, and takes up again', async ({ page, drover }) => {
  const id = await drover.submit({ command: 'i=0; while :; do i=$((i+1)); echo "line $i"; [ $i -gt 300 ] && sleep 0.05; done' });
  await page.goto(`${drover.url}/jobs/${id}`);
  const log = page.getByRole('log');
  await expect(log).toContainText('line 310');
  const follow = page.getByRole('button', { name: 'Follow the end (f)' });
  await expect(follow).toHaveAttribute('aria-pressed', 'true');
  await log.hover();
  await page.mouse.wheel(0, -600);
  await expect(follow).toHaveAttribute('aria-pressed', 'false');
  const shown = await log.innerText();
  const below = page.getByRole('button', { name: /new lines?$/ });
  await expect(below).toBeVisible();
  expect(await log.innerText()).toBe(shown);
  await below.click();
  await expect(follow).toHaveAttribute('aria-pressed', 'true');
  const last = Number(/line (\d+)\s*$/.exec(await log.innerText())![1]);
  await expect(log).toContainText(`line ${last + 20}`);
});

test('streams, colours, search, filter, wrap, time stamps and links to lines', async ({ page, drover, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const id = await drover.ran({
    command:
      'for i in 1 2 3; do echo "out $i"; echo "err $i" >&2; done; printf "\\033[31mred apple\\033[0m\\n"; echo "green apple"; printf "%0500d\\n" 7',
  });
  await page.goto(`${drover.url}/jobs/${id}`);
  const log = page.getByRole('log');
  await expect(log).toContainText('err 3');
  await page.getByText('stderr', { exact: true }).first().click();
  await expect(log).not.toContainText('out 1');
  await page.getByText('Both', { exact: true }).click();
  await expect(log).toContainText('out 1');

  const red = log.getByText('red apple');
  expect(await red.evaluate((element) => getComputedStyle(element).color)).not.toBe(
    await log.evaluate((element) => getComputedStyle(element).color),
  );

  await page.keyboard.press('/');
  await page.keyboard.type('apple');
  await expect(page.getByTestId('matches')).toContainText('2 lines');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('matches')).toContainText('of 2 lines');
  await page.getByRole('button', { name: 'Show only lines that match' }).click();
  await expect(log).not.toContainText('out 1');
  await page.getByLabel('Search the output').fill('');
  await expect(log).toContainText('out 1');

  const scrolls = () => log.evaluate((element) => element.scrollWidth > element.clientWidth);
  expect(await scrolls()).toBe(true);
  await page.getByRole('button', { name: 'Wrap lines (w)' }).click();
  await expect.poll(scrolls).toBe(false);
  await page.getByRole('button', { name: 'Wrap lines (w)' }).click();

  await page.getByRole('button', { name: 'Time stamps' }).click();
  await page.getByRole('menuitem', { name: 'Clock' }).click();
  // The stamps are no text of the lines: whoever copies them copies what was printed.
  await expect.poll(() => log.locator('.log-row').first().innerHTML()).toMatch(/\d\d:\d\d:\d\d/);

  await log.locator('.log-number').nth(2).click();
  await expect(page).toHaveURL(/#?.*L3|line=3|#3/i);
  const link = page.url();
  await page.goto('about:blank');
  await page.goto(link);
  await expect(log.locator('[data-index="2"]')).toHaveClass(/chosen|marked|picked|range/);

  // The two streams are read side by side: which of their lines is the third is not said.
  await page.getByRole('button', { name: 'Copy the chosen lines' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/^(out|err) \d$/);

  await page.getByRole('button', { name: 'Download' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: /^stdout/ }).click()]);
  const stream = await download.createReadStream();
  let text = '';
  for await (const piece of stream) text += piece;
  expect(text.startsWith('out 1\nout 2\nout 3\n')).toBe(true);
});

test('y copies a link to the line in sight, and another link of the same log is followed where it is shown', async ({
  page,
  drover,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const id = await drover.ran({ command: 'seq 1 3000; echo oops >&2' });
  await page.goto(`${drover.url}/jobs/${id}`);
  const log = page.getByRole('log');
  await expect(log).toContainText('oops');
  await page.keyboard.press('g');
  await page.keyboard.press('g');
  await expect(log.locator('[data-index="0"]')).toBeVisible();
  await page.keyboard.press('y');
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/#L\d+$/);
  await page.evaluate(() => {
    location.hash = '#L1500-1502';
  });
  await expect(log.locator('[data-index="1499"]')).toBeInViewport();
  await page.keyboard.press('3');
  await expect(log).toHaveText(/oops/);
  await expect(log).not.toContainText('1500');
  await page.keyboard.press('1');
  await page.keyboard.press('G');
  await expect(log).toContainText('3000');
});

test('a million lines and one line of ten megabytes leave the page usable', async ({ page, drover }) => {
  test.setTimeout(120_000);
  const id = await drover.ran({ command: 'seq 1 1000000; head -c 10000000 /dev/zero | tr "\\0" y; echo; echo the end' });
  await page.goto(`${drover.url}/jobs/${id}`);
  const log = page.getByRole('log');
  await expect(log).toContainText('the end', { timeout: 60_000 });
  // A key, a menu and a search all work.
  await page.keyboard.press('g');
  await page.keyboard.press('g');
  await expect(log).toContainText('2');
  await page.getByLabel('Search the output').fill('765432');
  await expect(page.getByTestId('matches')).toContainText('1 line', { timeout: 60_000 });
  await page.keyboard.press('Enter');
  await expect(log).toContainText('765432');
  await page.getByRole('tab', { name: 'Input' }).click();
  await expect(page.getByRole('tabpanel', { name: 'Input' })).toContainText('seq 1 1000000');
});

test('a connection that was lost is shown and made up for without a gap or a repeat', async ({ page, drover }) => {
  const id = await drover.submit({ command: 'i=0; while [ $i -lt 600 ]; do i=$((i+1)); echo "n=$i;"; sleep 0.02; done' });
  await page.goto(`${drover.url}/jobs/${id}`);
  const log = page.getByRole('log');
  // Not one certain line: those in sight are gone again before a busy machine looks.
  await expect(log).toHaveText(/n=\d\d+;/);
  const live = page.getByTestId('live');
  await page.context().setOffline(true);
  await page.evaluate(() => window.dispatchEvent(new Event('offline')));
  await expect(live).not.toHaveAttribute('data-state', 'live');
  await until('the job went on', async () => {
    const last = JSON.stringify(await drover.api('GET', `jobs/${id}/logs?last=true&limit=20`));
    return [...last.matchAll(/n=(\d+);/g)].some(([, n]) => Number(n) >= 300);
  });
  await page.context().setOffline(false);
  await expect(live).toHaveAttribute('data-state', 'live');
  await expect(log).toContainText('n=600;');
  await page.getByLabel('Search the output').fill('n=');
  await expect(page.getByTestId('matches')).toContainText('600 lines');
});

test('a server that is killed and started again is noticed and found again', async ({ page, drover }) => {
  await drover.ran({ command: 'echo before' });
  await page.goto(`${drover.url}/jobs`);
  const live = page.getByTestId('live');
  await expect(live).toHaveAttribute('data-state', 'live');
  await drover.kill();
  await expect(live).toHaveAttribute('data-state', 'reconnecting');
  await drover.up();
  await expect(live).toHaveAttribute('data-state', 'live', { timeout: 30_000 });
  await drover.ran({ command: 'echo after the restart' });
  await expect(page.getByRole('table', { name: 'Jobs' })).toContainText('after the restart');
});
