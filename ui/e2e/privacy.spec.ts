// What is said of privacy, and what a person can do about what is kept.
import { preferences } from '../src/backend/scenes';
import { en } from '../src/words/en';
import { expect, test } from './window';

test('the policy says what is done, and all that is kept is shown', async ({ page, win }) => {
  await win.open('home-recent');
  await page.getByTestId('open-settings').click();
  await page.getByTestId('open-privacy').click();
  const dialog = page.getByTestId('privacy');
  await expect(page.getByTestId('settings')).toBeHidden();
  for (const { label, hint } of Object.values(en.policy)) {
    await expect(dialog.getByText(label, { exact: true })).toBeVisible();
    await expect(dialog.getByText(hint, { exact: true })).toBeVisible();
  }
  const kept = JSON.parse(await page.getByTestId('kept').inputValue()) as object;
  expect(Object.keys(kept).sort()).toEqual(Object.keys(preferences()).sort());
  expect(kept).toHaveProperty('recent.0.title', 'Friday hike');
  await page.getByTestId('copy-kept').click();
  await expect(dialog.getByRole('status')).toHaveText(
    new RegExp(`${en.invite.copied}|${en.invite.selected}`),
  );
});

test('everything is erased when a person has said so twice', async ({ page, win }) => {
  await win.open('home-recent');
  await page.getByTestId('open-settings').click();
  await page.getByTestId('open-privacy').click();
  await page.getByTestId('erase').click();
  await expect(page.getByTestId('erase-ask')).toContainText(en.privacy.eraseAsk);
  await win.expectDone();
  await page.getByRole('button', { name: en.privacy.eraseYes, exact: true }).click();
  await win.expectDone('eraseAll');
  await expect(page.getByTestId('erase-ask')).toBeHidden();
  expect(JSON.parse(await page.getByTestId('kept').inputValue())).toEqual(preferences());
});
