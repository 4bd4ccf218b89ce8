// Comparing with a member: pictures or numbers, and what follows.
import type { Page } from '@playwright/test';
import { sas } from '../src/backend/scenes';
import { EMOJI } from '../src/words/emoji';
import { words } from '../src/words/words';
import { expect, test } from './window';

async function begin(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^.?Ben/ }).click();
  await page.getByTestId('verify').click();
}

test('seven pictures are shown with their names, in order', async ({ page, win }) => {
  await win.open('room-idle', 'slow');
  const before = await win.talk.boundingBox();
  await begin(page);
  const compare = page.getByTestId('compare');
  await expect(compare).toContainText('Waiting for the device of Ben.');
  await page.evaluate(() => globalThis.pushtalkMock?.answer());
  await expect(page.getByTestId('emoji').getByRole('listitem')).toHaveText(
    sas.emoji.map((place) => `${EMOJI[place]?.symbol ?? ''}${EMOJI[place]?.en ?? ''}`),
  );
  await expect(compare).toContainText('Ask Ben, by a voice that you know');
  expect(await win.talk.boundingBox()).toEqual(before);
});

test('who prefers numbers compares three of them', async ({ page, win }) => {
  await win.open('room-idle');
  await begin(page);
  await page.getByRole('radio', { name: words.compare.numbers }).check();
  await expect(page.getByTestId('emoji')).toHaveCount(0);
  await expect(page.getByTestId('numbers').getByRole('listitem')).toHaveText(sas.numbers.map(String));
});

test('when they match, the member is marked as verified', async ({ page, win }) => {
  await win.open('room-idle');
  await begin(page);
  await page.getByTestId('same').click();
  await expect(page.getByTestId('compare')).toHaveCount(0);
  await expect(page.getByTestId('member').nth(1)).toContainText(words.room.verified);
  await expect(page.getByTestId('spoken')).toHaveText(/Ben.? is verified\./);
  expect(await win.intents()).toEqual([
    { do: 'verify', id: 'm1' },
    { do: 'verified', id: 'm1', same: true },
  ]);
});

test('that they differ is asked once more, and ends talking with that member', async ({ page, win }) => {
  await win.open('room-idle');
  await begin(page);
  await page.getByTestId('differ').click();
  await expect(page.getByTestId('differ-ask')).toContainText('Nothing is sent to Ben any more');
  await expect(page.getByRole('button', { name: words.compare.no })).toBeFocused();
  await win.expectDone('verify');
  await page.getByRole('button', { name: words.compare.differYes }).click();
  await expect(page.getByRole('alert')).toContainText('What you compared with Ben differs');
  await win.expectSituation('keyMismatch');
  expect((await win.intents()).at(-1)).toEqual({ do: 'verified', id: 'm1', same: false });
});

test('one can talk while comparing', async ({ page, win }) => {
  await win.open('room-idle');
  await begin(page);
  await win.hold();
  await win.expectSituation('talking');
  await page.mouse.up();
  await expect(page.getByTestId('same')).toBeVisible();
  await win.expectDone('verify', 'press', 'release');
});

test('comparing is stopped', async ({ page, win }) => {
  await win.open('room-idle');
  await begin(page);
  await page.getByRole('button', { name: words.compare.stop }).click();
  await expect(page.getByTestId('compare')).toHaveCount(0);
  await win.expectDone('verify', 'stopVerifying');
});

test('when somebody else begins, one is asked first, and a talk goes on', async ({ page, win }) => {
  await win.open('room-idle');
  await win.hold();
  await page.evaluate(() => {
    globalThis.pushtalkMock?.ask('m2');
    globalThis.pushtalkMock?.answer();
  });
  const compare = page.getByTestId('compare');
  await expect(compare).toContainText('Chloé wants to compare with you');
  await expect(page.getByTestId('emoji')).toHaveCount(0);
  await win.expectSituation('talking');
  await page.mouse.up();
  await compare.getByRole('button', { name: words.compare.begin }).click();
  await expect(page.getByTestId('emoji')).toBeVisible();
  // The next one is asked about again.
  await page.getByTestId('same').click();
  await page.evaluate(() => globalThis.pushtalkMock?.ask('m2'));
  await compare.getByRole('button', { name: words.compare.later }).click();
  await expect(compare).toHaveCount(0);
  await win.expectDone('press', 'release', 'verified', 'stopVerifying');
});

test('who is not connected cannot be compared with', async ({ page, win }) => {
  await win.open('room-connecting');
  await page.getByRole('button', { name: /^.?Ben/ }).click();
  await expect(page.getByTestId('verify')).toBeDisabled();
  await expect(page.getByRole('dialog')).toContainText('Possible as soon as Ben is connected.');
});
