import { defineConfig } from '@playwright/test';

// Debian's Chromium; nothing is downloaded. Every test starts a Drover of its own beside the browser, which keeps two cores
// busy: two tests at a time took as long in all, and those that look at whole pages several times as long.
export default defineConfig({
  testDir: 'specs',
  workers: 1,
  fullyParallel: true,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  outputDir: process.env.PLAYWRIGHT_OUTPUT ?? 'test-results',
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    // Of a failure its steps and the page at each of them are kept; a film of every test would cost a seventh of the time.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true },
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    },
  },
});
