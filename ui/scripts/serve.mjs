// Serves the built mock under the policy of the app, and opens Debian's Chromium on it.
import { chromium } from '@playwright/test';
import { join } from 'node:path';
import { preview } from 'vite';

export const browserOptions = {
  executablePath: process.env.PUSHTALK_CHROMIUM ?? '/usr/bin/chromium',
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
};

/** Hands a browser and the address of the mock to `use`, and ends both after it. */
export async function withMock(use) {
  const server = await preview({
    root: join(import.meta.dirname, '..'),
    mode: 'mock',
    logLevel: 'error',
    preview: { port: 4174 },
  });
  const browser = await chromium.launch(browserOptions);
  try {
    await use(browser, 'http://127.0.0.1:4174/');
  } finally {
    await browser.close();
    await server.close();
  }
}
