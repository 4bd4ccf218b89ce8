// Whispering: who is chosen for it, the button for it, and what both sides see.
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from './window';

test('somebody is chosen, hears the whisper as long as the button is down, and nobody else does', async ({
  page,
  win,
}) => {
  await win.open('room-idle');
  const whisper = page.getByTestId('whisper');
  await expect(whisper).toHaveCount(0);
  await page.getByTestId('member').nth(1).getByRole('button').click();
  await page.getByTestId('whisper-to').check();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('member').nth(1)).toContainText('Hears your whisper');

  await whisper.hover();
  await page.mouse.down();
  await win.expectSituation('talking');
  await expect(win.talk).toContainText('Whispering');
  await expect(page.getByTestId('talk-hint')).toContainText(/Only \W*Ben\W* gets your voice/);
  await expect(page.getByTestId('whisper-line')).toContainText(/You whisper to \W*Ben/);
  await expect(page.getByTestId('heard')).toHaveText('Heard by 0 of 1');
  await expect(page.getByTestId('spoken')).toContainText('You whisper to');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.mouse.up();
  await win.expectSituation('idle');
  await win.expectDone('setWhisper', 'pressWhisper', 'release');
});

test('who is whispered to sees who does it, also while another one talks', async ({ page, win }) => {
  await win.open('room-idle');
  await page.evaluate(() => globalThis.pushtalkMock?.whisper('m1', true));
  await expect(page.getByTestId('whisper-line')).toContainText(/Ben\W* whispers to you/);
  await expect(page.getByTestId('spoken')).toContainText('whispers to you');
  await expect(page.getByTestId('member').nth(1)).toHaveAttribute('data-whispers', 'true');
  await page.evaluate(() => globalThis.pushtalkMock?.talk('m2'));
  await win.expectSituation('receiving');
  await expect(page.getByTestId('whisper-line')).toContainText('whispers to you');
  await page.evaluate(() => globalThis.pushtalkMock?.whisper('m1', false));
  await expect(page.getByTestId('floor')).toContainText('Chloé');
  await expect(page.getByTestId('whisper-line')).toHaveCount(0);
});

test('a whisper takes over from the space bar, and ends when the window loses the focus', async ({
  page,
  win,
}) => {
  await win.open('room-whispering');
  await page.evaluate(() => globalThis.pushtalkMock?.act({ do: 'release' }));
  await page.keyboard.down('Space');
  await win.expectSituation('talking');
  await page.getByTestId('whisper').hover();
  await page.mouse.down();
  await expect(win.talk).toContainText('Whispering');
  await page.keyboard.up('Space');
  await expect(win.talk).toContainText('Whispering');
  await page.evaluate(() => globalThis.dispatchEvent(new Event('blur')));
  await win.expectSituation('idle');
  await page.mouse.up();
  await win.expectDone('release', 'press', 'release', 'pressWhisper', 'release');
});

test('by the keyboard: the space bar on its button, and a bound key where only the window hears it', async ({
  page,
  win,
}) => {
  await win.open('room-keyshere');
  await page.evaluate(() => {
    void globalThis.pushtalkMock?.act({ do: 'setWhisper', id: 'm1', on: true });
    void globalThis.pushtalkMock?.act({
      do: 'setKeys',
      keys: [
        { chord: 'F8', does: 'whisper' },
        { chord: 'F9', does: 'answer' },
      ],
    });
  });
  await page.getByTestId('whisper').focus();
  await page.keyboard.down('Space');
  await expect(win.talk).toContainText('Whispering');
  await page.keyboard.up('Space');
  await win.expectSituation('idle');
  await page.keyboard.down('F8');
  await expect(win.talk).toContainText('Whispering');
  await page.keyboard.up('F8');
  await win.expectSituation('idle');
  await page.evaluate(() => globalThis.pushtalkMock?.whisper('m2', true));
  await page.keyboard.down('F9');
  await expect(page.getByTestId('whisper-line')).toContainText('Chloé');
  await page.keyboard.up('F9');
  await win.expectDone(
    'setWhisper',
    'setKeys',
    'pressWhisper',
    'release',
    'pressWhisper',
    'release',
    'pressAnswer',
    'release',
  );
});

test('the button is whole in every window, beside the one that interrupts', async ({ page, win }) => {
  await win.open('room-whispered');
  for (const width of [320, 390, 900]) {
    await page.setViewportSize({ width, height: 640 });
    const [whisper, interrupt] = await Promise.all(
      ['whisper', 'interrupt'].map((id) => page.getByTestId(id).boundingBox()),
    );
    expect(whisper?.x ?? -1).toBeGreaterThanOrEqual(0);
    expect((whisper?.x ?? 0) + (whisper?.width ?? 0)).toBeLessThanOrEqual(interrupt?.x ?? 0);
    expect((interrupt?.x ?? 0) + (interrupt?.width ?? 0)).toBeLessThanOrEqual(width);
  }
});

test('the button stays under the finger when the one who hears it leaves', async ({ page, win }) => {
  await win.open('room-whispering');
  await page.evaluate(() => globalThis.pushtalkMock?.act({ do: 'release' }));
  await page.getByTestId('whisper').hover();
  await page.mouse.down();
  await expect(win.talk).toContainText('Whispering');
  await page.evaluate(() => globalThis.pushtalkMock?.go('m1'));
  await expect(page.getByTestId('whisper')).toBeVisible();
  await page.mouse.up();
  await expect(page.getByTestId('whisper')).toHaveCount(0);
  await win.expectDone('release', 'pressWhisper', 'release');
  await win.hold();
  await win.expectSituation('talking');
  await page.mouse.up();
});

test('Enter taps it where a tap holds', async ({ page, win }) => {
  await win.open('room-whispered');
  await page.getByTestId('whisper').press('Enter');
  expect(await win.intents()).toEqual([]);
  await page.evaluate(() =>
    globalThis.pushtalkMock?.act({
      do: 'setTalkKey',
      talkKey: { releaseDelay: 150, latch: true, doublePress: false },
    }),
  );
  await page.getByTestId('whisper').press('Enter');
  await win.expectDone('setTalkKey', 'pressWhisper', 'release');
});

test('all that is whispered and said at one time is shown', async ({ page, win }) => {
  await win.open('room-whispered');
  const line = page.getByTestId('whisper-line');
  await expect(line).toContainText('whispers to you');
  await expect(line).toContainText('Chloé');
  await page.getByTestId('whisper').hover();
  await page.mouse.down();
  await expect(line).toContainText(/You whisper to/);
  await expect(line).toContainText('whispers to you');
  await page.mouse.up();
});
