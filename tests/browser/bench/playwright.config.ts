import { defineConfig } from '@playwright/test';
import base from '../playwright.config.ts';

// Measurements, not tests: nothing is asserted of times. One at a time, for they share the machine.
export default defineConfig({
  ...base,
  testDir: '.',
  testMatch: '*.bench.ts',
  workers: 1,
  timeout: 600_000,
  reporter: [['line']],
  outputDir: '../test-results/bench',
  use: { ...base.use, trace: 'off', bypassCSP: true },
});
