import { test as base } from '@playwright/test';
import { Drover } from '../support/drover.ts';
import { expect, signIn, test } from '../support/test.ts';

base.describe('signing in', () => {
  let drover: Drover;
  base.beforeAll(async () => {
    drover = await Drover.start();
  });
  base.afterAll(() => drover.dispose());

  base('a wrong token is told, the right one signs in', async ({ page }) => {
    await page.goto(drover.url);
    await expect(page.getByRole('heading', { name: 'Sign in to Drover' })).toBeVisible();
    await page.getByLabel('Token', { exact: true }).fill('drover_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByText(/token is wrong|not the token/i)).toBeVisible();
    await signIn(page, drover);
  });

  base('the printed link signs in once', async ({ page, browser }) => {
    await page.goto(drover.signInLink);
    await expect(page.getByRole('button', { name: 'Account and help' })).toBeVisible();
    expect(page.url()).not.toContain('code=');
    const second = await (await browser.newContext()).newPage();
    await second.goto(drover.signInLink);
    await expect(second.getByRole('button', { name: 'Sign in' })).toBeVisible();
    await expect(second.getByText(/used|no longer|expired|not valid/i)).toBeVisible();
    await second.context().close();
  });
});

test('signing out ends the session', async ({ page, drover }) => {
  await page.getByRole('button', { name: 'Account and help' }).click();
  await page.getByRole('menuitem', { name: /Sign out/ }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to Drover' })).toBeVisible();
  await page.goto(`${drover.url}/jobs`);
  await expect(page.getByRole('heading', { name: 'Sign in to Drover' })).toBeVisible();
});
