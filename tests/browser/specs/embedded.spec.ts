import { test as base, expect, type Page } from '@playwright/test';
import { WebShop } from '../support/webshop.ts';

const test = base.extend<{ shop: WebShop }>({
  shop: async ({}, use) => {
    const shop = await WebShop.start();
    await use(shop);
    await shop.dispose();
  },
});

async function signIn(page: Page, shop: WebShop, path = '') {
  await page.goto(`${shop.url}/drover${path}`);
  await expect(page).toHaveURL(/\/sign-in\?ReturnUrl=/);
  await page.getByLabel("Operators' password").fill(shop.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('button', { name: 'Account and help' })).toBeVisible();
}

test('the dashboard works below a prefix, behind the own sign-in of the program', async ({ page, shop }) => {
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('response', (answer) => answer.status() >= 400 && wrong.push(`${answer.status()} ${answer.url()}`));
  page.on('request', (request) => {
    const path = new URL(request.url()).pathname;
    if (!/^\/(drover|sign-in|favicon\.ico)/.test(path) && request.url().startsWith('http')) wrong.push(`outside the prefix: ${path}`);
  });
  const sockets: string[] = [];
  page.on('websocket', (socket) => sockets.push(new URL(socket.url()).pathname));
  await signIn(page, shop, '/jobs');
  await expect(page).toHaveURL(`${shop.url}/drover/jobs`);
  await expect(page.getByRole('link', { name: 'Servers' })).toHaveCount(0);

  // The list hears of a new job by the WebSocket; its page shows what the handler wrote.
  const id = await (await fetch(`${shop.url}/orders/17?email=ada@example.org`, { method: 'POST' })).text();
  await page
    .getByRole('link', { name: /confirm-order/ })
    .first()
    .click();
  await expect(page).toHaveURL(`${shop.url}/drover/jobs/${id}`);
  await expect(page.getByText('Mail to ada@example.org: Order 17 is on its way')).toBeVisible();
  await page.reload();
  await expect(page.getByText('Mail to ada@example.org: Order 17 is on its way')).toBeVisible();

  for (const name of ['Overview', 'Queues', 'Workers', 'Statistics', 'API']) {
    await page.getByRole('link', { name, exact: true }).first().click();
    await expect(page).toHaveURL(new RegExp(`^${shop.url}/drover(/|$)`));
    await expect(page.locator('main')).toBeVisible();
  }
  expect(new Set(sockets)).toEqual(new Set(['/drover/api/v1/ws']));
  expect(wrong).toEqual([]);
});

test('a change is made by the page and refused to others', async ({ page, shop }) => {
  await signIn(page, shop, '/queues');
  const change = (headers: Record<string, string>) =>
    page
      .context()
      .request.post(`${shop.url}/drover/api/v1/queues/default/pause`, { headers })
      .then((answer) => answer.status());
  expect(await change({})).toBe(403);
  expect(await change({ 'x-csrf-token': 'drover', origin: 'https://evil.example' })).toBe(403);
  await page.getByRole('button', { name: /Pause/ }).first().click();
  await expect(page.getByRole('button', { name: /Resume/ }).first()).toBeVisible();
});

test('who is signed out meanwhile is sent to the sign-in of the program', async ({ page, shop }) => {
  await signIn(page, shop);
  await page.context().clearCookies();
  await page.getByRole('link', { name: 'Queues', exact: true }).first().click();
  await expect(page).toHaveURL(/\/sign-in\?ReturnUrl=%2Fdrover/);
});
