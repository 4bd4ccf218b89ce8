// How the window looks, for whom: themes, sizes, and what axe finds.
import AxeBuilder from '@axe-core/playwright';
import { scenes } from '../src/backend/scenes';
import { expect, test, type Window } from './window';

const paper = (win: Window): Promise<string> =>
  win.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

const LIGHT = 'rgb(244, 241, 234)';
const DARK = 'rgb(16, 23, 27)';

test('the theme is chosen at home and in the settings, and stays with every screen', async ({
  page,
  win,
}) => {
  await win.open('home');
  await page.getByRole('radio', { name: 'Dark' }).check();
  await expect.poll(() => paper(win)).toBe(DARK);
  await page.getByRole('radio', { name: 'Light' }).check();
  await expect.poll(() => paper(win)).toBe(LIGHT);
  await win.expectDone('setTheme', 'setTheme');
  await win.open('room-idle', 'theme=dark');
  await expect.poll(() => paper(win)).toBe(DARK);
});

test('the system theme follows the system', async ({ page, win }) => {
  await win.open('home');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => paper(win)).toBe(DARK);
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(() => paper(win)).toBe(LIGHT);
});

test('nothing moves for people who asked for less motion', async ({ page, win }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const scene of ['room-connecting', 'entering-host']) {
    await win.open(scene);
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  }
});

const names = Object.keys(scenes);

for (const theme of ['light', 'dark']) {
  for (const scene of names) {
    test(`axe finds nothing: ${scene}, ${theme}`, async ({ page, win }) => {
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await win.open(scene, `theme=${theme}`);
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      await page.setViewportSize({ width: 390, height: 760 });
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });
  }

  for (const dialog of ['invite', 'open-settings', 'open-control']) {
    test(`axe finds nothing: dialog ${dialog}, ${theme}`, async ({ page, win }) => {
      await win.open('room-idle', `theme=${theme}`);
      await page.getByTestId(dialog).click();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });
  }

  test(`axe finds nothing: privacy, and what is asked there, ${theme}`, async ({ page, win }) => {
    await win.open('home', `theme=${theme}`);
    await page.getByTestId('open-settings').click();
    await page.getByTestId('open-privacy').click();
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await page.getByTestId('erase').click();
    await page.setViewportSize({ width: 390, height: 760 });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  });

  test(`axe finds nothing: a member, and what is asked once more, ${theme}`, async ({ page, win }) => {
    await win.open('room-idle', `theme=${theme}`);
    await page.getByRole('button', { name: /^.?Ben/ }).click();
    await page.getByTestId('hand-over').click();
    await page.getByTestId('kick').click();
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await page.getByTestId('verify').click();
    await page.getByTestId('differ').click();
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await page.getByRole('radio', { name: 'Numbers' }).check();
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await page.setViewportSize({ width: 390, height: 760 });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  });

  test(`axe finds nothing: a PIN that is asked for, ${theme}`, async ({ page, win }) => {
    await win.open('home', `theme=${theme}`);
    await page.getByTestId('name').fill('Chloé');
    await page.getByTestId('invitation').fill('111-1QP-XY2');
    await page.getByTestId('server').fill('192.168.1.20:7300');
    await page.getByTestId('join').click();
    await page.getByTestId('join').click();
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await win.open('room-idle', `theme=${theme}`);
    await page.getByTestId('open-control').click();
    await page.getByRole('radio', { name: 'Only with a PIN as well' }).check();
    await page.getByTestId('door-apply').click();
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  });

  test(`axe finds nothing: notices and a filled form, ${theme}`, async ({ page, win }) => {
    for (const scene of ['error-serverUnreachable', 'error-wrongCertificate']) {
      await win.open(scene, `theme=${theme}`);
      await page.getByTestId('invitation').fill('7K0-1QP-XY2');
      await page.getByTestId('join').click();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    }
  });
}

test('nothing is cut at 320 pixels, nor with text of twice the size', async ({ page, win }) => {
  for (const [width, size] of [
    [320, '100%'],
    [900, '200%'],
    [640, '200%'],
  ] as const) {
    await page.setViewportSize({ width, height: 640 });
    for (const scene of names) {
      await win.open(scene);
      expect(await win.cut(size), `${scene} at ${width}, ${size}`).toEqual({ page: 0, clipped: [] });
    }
  }
});

test('with forced colours every situation still has its shape', async ({ page, win }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await win.open('room-busy');
  const form = page.locator('.form');
  expect(await form.evaluate((element) => getComputedStyle(element).borderTopStyle)).toBe('double');
  await win.open('room-off');
  expect(await form.evaluate((element) => getComputedStyle(element).borderTopStyle)).toBe('dashed');
});
