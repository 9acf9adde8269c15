import { test as base, expect, type Page } from '@playwright/test';
import { Drover } from './drover.ts';
import { Sshd } from './sshd.ts';

/** A test with a Drover of its own (`drover`), a page that is signed in there (`page`), and an sshd when it asks for one. */
export const test = base.extend<{ drover: Drover; sshd: Sshd }>({
  drover: async ({}, use) => {
    const drover = await Drover.start();
    await use(drover);
    await drover.dispose();
  },
  sshd: async ({}, use) => {
    const sshd = await Sshd.start();
    await use(sshd);
    await sshd.dispose();
  },
  page: async ({ page, drover }, use) => {
    const thrown: string[] = [];
    page.on('pageerror', (error) => thrown.push(error.message));
    await signIn(page, drover);
    await use(page);
    expect(thrown, 'no error was thrown in the page').toEqual([]);
  },
});

export { expect };

export async function signIn(page: Page, drover: Drover) {
  await page.goto(`${drover.url}/signin`);
  await page.getByLabel('Token', { exact: true }).fill(drover.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('button', { name: 'Account and help' })).toBeVisible();
}
