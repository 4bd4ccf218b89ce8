// The built mock in Debian's Chromium, under the policy of the app.
import { defineConfig } from '@playwright/test';

// A port of this run's own, handed on to its workers: two runs on one machine do not meet.
const port = (process.env['PUSHTALK_E2E_PORT'] ??= String(20_000 + (process.pid % 20_000)));
const address = `http://127.0.0.1:${port}/`;

export default defineConfig({
  testDir: 'e2e',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  reporter: [['list', { printSteps: false }]],
  // A whole tour of the scenes in one test, on a machine that has other things to do.
  timeout: 90_000,
  expect: { timeout: 4_000 },
  webServer: {
    command: `npx vite preview --mode mock --port ${port} --strictPort`,
    url: address,
    reuseExistingServer: false,
    stdout: 'ignore',
  },
  use: {
    baseURL: address,
    viewport: { width: 900, height: 640 },
    launchOptions: {
      executablePath: process.env['PUSHTALK_CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
