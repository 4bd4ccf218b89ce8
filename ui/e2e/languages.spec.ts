// The window in the other languages: the same screens, from right to left where that is how one reads.
import AxeBuilder from '@axe-core/playwright';
import { scenes } from '../src/backend/scenes';
import { ar } from '../src/words/ar';
import { en } from '../src/words/en';
import { fr } from '../src/words/fr';
import { expect, test, type Window } from './window';

const TONGUES = [
  ['fr', 'ltr', fr],
  ['ar', 'rtl', ar],
] as const;

const spoken = (win: Window): Promise<[string, string]> =>
  win.page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);

for (const [tongue, direction] of TONGUES) {
  for (const scene of Object.keys(scenes)) {
    test(`in ${tongue}, axe finds nothing and nothing is cut: ${scene}`, async ({ page, win }) => {
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await page.setViewportSize({ width: 320, height: 640 });
      await win.open(scene, `theme=light&lang=${tongue}`);
      await expect.poll(() => spoken(win)).toEqual([tongue, direction]);
      await page.locator('h1').waitFor();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      expect(await win.cut('100%')).toEqual({ page: 0, clipped: [] });
      await page.setViewportSize({ width: 900, height: 640 });
      expect(await win.cut('200%')).toEqual({ page: 0, clipped: [] });
    });
  }
}

for (const [tongue, direction] of TONGUES) {
  test(`in ${tongue}, axe finds nothing and nothing is cut: the dialogs`, async ({ page, win }) => {
    await page.setViewportSize({ width: 320, height: 640 });
    await win.open('room-idle', `theme=light&lang=${tongue}`);
    await expect.poll(() => spoken(win)).toEqual([tongue, direction]);
    for (const dialog of ['invite', 'open-control', 'open-settings', 'open-connections']) {
      await page.getByTestId(dialog).click();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      expect(await win.cut('100%'), dialog).toEqual({ page: 0, clipped: [] });
      if (dialog !== 'open-settings') await page.keyboard.press('Escape');
    }
    for (const dialog of ['open-settings', 'open-privacy']) {
      await page.getByTestId(dialog).click();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      expect(await win.cut('100%'), dialog).toEqual({ page: 0, clipped: [] });
      if (dialog !== 'open-settings') await page.keyboard.press('Escape');
    }
  });
}

test('the language is that of the system until another one is chosen, and then at once', async ({
  page,
  win,
}) => {
  await win.open('home');
  await page.getByTestId('open-settings').click();
  for (const [tongue, direction, words] of TONGUES) {
    await page.getByTestId('language').selectOption(tongue);
    await expect.poll(() => spoken(win)).toEqual([tongue, direction]);
    await expect(page.getByTestId('settings')).toContainText(words.settings.language);
  }
  await page.getByTestId('language').selectOption('system');
  await expect(page.getByTestId('settings')).toContainText(en.settings.language);
  await win.expectDone('setLanguage', 'setLanguage', 'setLanguage');
});

test.describe('on a system in Arabic', () => {
  test.use({ locale: 'ar-EG' });

  test('the window is in Arabic', async ({ page, win }) => {
    await win.open('home');
    await expect(page.getByTestId('host')).toHaveText(ar.home.hostPress);
    expect(await spoken(win)).toEqual(['ar', 'rtl']);
  });
});
