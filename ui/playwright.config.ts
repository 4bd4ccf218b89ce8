// The built mock in Debian's Chromium, under the policy of the app.
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  reporter: [['list', { printSteps: false }]],
  timeout: 20_000,
  expect: { timeout: 4_000 },
  webServer: {
    command: 'npx vite preview --mode mock',
    url: 'http://127.0.0.1:4173/',
    reuseExistingServer: false,
    stdout: 'ignore',
  },
  use: {
    baseURL: 'http://127.0.0.1:4173/',
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
