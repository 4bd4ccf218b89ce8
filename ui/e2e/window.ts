// The window as the tests see it; a test in which the page complains has failed.
import { expect, test as base, type Locator, type Page } from '@playwright/test';
import type { Intent } from '../src/contract';
import type {} from '../src/backend/page';

export class Window {
  readonly page: Page;
  readonly talk: Locator;

  constructor(page: Page) {
    this.page = page;
    this.talk = page.getByTestId('talk');
  }

  async open(scene: string, options = ''): Promise<void> {
    await this.page.goto(`/?scene=${scene}&${options}`);
    await this.page.locator('h1').waitFor();
  }

  /** All that was asked for since the page was loaded; looking and listing left out. */
  intents(): Promise<Intent[]> {
    return this.page.evaluate(() =>
      (globalThis.pushtalkMock?.intents ?? []).filter(
        (intent) =>
          !['listDevices', 'watchDevices', 'listNetworks', 'listContacts', 'inspect'].includes(intent.do),
      ),
    );
  }

  /** How far the page is wider than the window, and which texts have no room, with text of this size. */
  cut(size: string): Promise<{ page: number; clipped: (string | null)[] }> {
    return this.page.evaluate((fontSize) => {
      const { documentElement: root } = document;
      root.style.fontSize = fontSize;
      const clipped = [...document.querySelectorAll('button, h1, h2, p, label')]
        .filter((element) => !element.closest('.spoken, [aria-label=""]') && !element.matches('.spoken'))
        .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 1)
        .map((element) => element.textContent);
      return { page: root.scrollWidth - root.clientWidth, clipped };
    }, size);
  }

  async expectDone(...done: Intent['do'][]): Promise<void> {
    await expect.poll(async () => (await this.intents()).map((intent) => intent.do)).toEqual(done);
  }

  async expectSituation(situation: string): Promise<void> {
    await expect(this.talk).toHaveAttribute('data-situation', situation);
  }

  /** The mouse goes down on the talk button, and stays down. */
  async hold(): Promise<void> {
    const box = await this.talk.boundingBox();
    await this.page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
    await this.page.mouse.down();
  }
}

export const test = base.extend<{ win: Window }>({
  win: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    // A breach of the content security policy is told here, too.
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    await use(new Window(page));
    expect(complaints).toEqual([]);
  },
});

export { expect };
