import { expect, test } from '../support/test.ts';

test('a server is added with an uploaded key, tested, used, and trusted again after its host key changed', async ({
  page,
  drover,
  sshd,
}) => {
  await page.goto(`${drover.url}/servers`);
  await page.getByRole('button', { name: 'Add a server' }).click();
  const form = page.getByRole('dialog', { name: 'Add a server' });
  await form.getByLabel('Name').fill('web-1');
  await form.getByLabel('Address').fill('127.0.0.1');
  await form.getByLabel('Port').fill(String(sshd.port));
  await form.getByLabel('User').fill('root');
  await form.locator('input[type=file]').setInputFiles(sshd.keyFile);
  await expect(form.getByRole('combobox', { name: 'Uploaded key' })).toHaveValue('client');
  await form.getByRole('button', { name: 'Save and test' }).click();

  const result = page.getByRole('dialog', { name: 'Test web-1' });
  await expect(result).toContainText('All went well');
  await expect(result.getByLabel('went well')).toHaveCount(5);
  await result.getByRole('button', { name: 'Done' }).click();
  const row = page.getByRole('row').filter({ hasText: 'web-1' });
  await expect(row).toContainText('client');

  await row.getByRole('button', { name: 'Run here' }).click();
  await page.getByRole('textbox', { name: 'Command' }).fill('echo over $SSH_CONNECTION');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('log')).toContainText(`127.0.0.1 ${sshd.port}`);

  await sshd.restartWithNewHostKey();
  const refused = await drover.ran({ command: 'true', server_id: 'web-1' }, 'failed');
  await page.goto(`${drover.url}/jobs/${refused}`);
  await expect(page.getByRole('main')).toContainText(/host key/i);
  await page.goto(`${drover.url}/servers`);
  await row.getByRole('button', { name: 'Test', exact: true }).click();
  await expect(result).toContainText('another host key than the trusted one');
  await result.getByRole('button', { name: 'Trust the key that is shown' }).click();
  await expect(result).toContainText('All went well');
  await drover.ran({ command: 'true', server_id: 'web-1' });
});

test('a server is switched off and on, edited, and deleted after a confirmation', async ({ page, drover }) => {
  await drover.api('POST', 'servers', {
    name: 'old',
    hostname: '127.0.0.1',
    port: 1,
    user: 'u',
    auth_type: 'password',
    password: 'p',
    tags: ['web'],
  });
  await page.goto(`${drover.url}/servers`);
  const row = page.getByRole('row').filter({ hasText: 'old' });
  const more = async (item: string) => {
    await row.getByRole('button', { name: 'More for old' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await more('Switch off');
  await expect(row).toContainText(/off/);
  expect(await drover.api('GET', 'servers/old')).toMatchObject({
    is_active: false,
    hostname: '127.0.0.1',
    tags: ['web'],
    has_password: true,
  });
  await more('Switch on');
  await expect.poll(async () => (await drover.api('GET', 'servers/old')).is_active).toBe(true);

  await more('Edit');
  const form = page.getByRole('dialog', { name: 'Edit old' });
  await form.getByLabel('Address').fill('');
  await form.getByLabel('Address').fill('127.0.0.2');
  await form.getByLabel('User').fill('not a user name');
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(form.getByText('The server was not saved.')).toBeVisible();
  await form.getByLabel('User').fill('deploy');
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(row).toContainText('127.0.0.2');

  await more('Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the server' }).click();
  await expect(row).toHaveCount(0);
});

test('this machine is switched off and on', async ({ page, drover }) => {
  await page.goto(`${drover.url}/servers`);
  for (const [verb, active] of [
    ['Switch off', false],
    ['Switch on', true],
  ] as const) {
    await page.getByRole('button', { name: 'More for local' }).click();
    await page.getByRole('menuitem', { name: verb }).click();
    await expect.poll(async () => (await drover.api('GET', 'servers/local')).is_active).toBe(active);
  }
});

test('a server that does not answer is told step by step', async ({ page, drover }) => {
  await drover.api('POST', 'servers', { name: 'dead', hostname: '127.0.0.1', port: 1, user: 'u', auth_type: 'password', password: 'p' });
  await page.goto(`${drover.url}/servers`);
  await page.getByRole('row').filter({ hasText: 'dead' }).getByRole('button', { name: 'Test', exact: true }).click();
  const result = page.getByRole('dialog', { name: 'Test dead' });
  await expect(result.getByLabel('failed')).toHaveCount(1);
  await expect(result.getByLabel('not reached')).toHaveCount(3);
  await expect(result).toContainText(/refused/i);
});

test('a key is uploaded and deleted; one in use is not', async ({ page, drover, sshd }) => {
  await page.goto(`${drover.url}/keys`);
  await page.locator('input[type=file]').setInputFiles(sshd.keyFile);
  await expect(page.getByRole('main')).toContainText('SHA256:');
  await drover.api('POST', 'servers', { name: 'web', hostname: '127.0.0.1', port: 1, user: 'u', auth_type: 'key', key_name: 'client' });
  await page.reload();
  await expect(page.getByRole('main')).toContainText('web');
});
