// Keys of the whole system, as they are bound in the settings, and where only the window hears them.
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from './window';

test('a key is bound by pressing it, with what is held, and is told to be proven or not', async ({
  page,
  win,
}) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  const bind = page.getByTestId('bind');
  for (const keys of ['F8', 'Control+Shift+KeyV', 'ControlRight']) {
    await bind.click();
    await expect(bind).toHaveText('Press the key you want');
    await page.keyboard.press(keys);
    await expect(bind).toHaveText('Add a key');
  }
  const bound = page.getByTestId('bound');
  await expect(bound.locator('kbd')).toHaveText(['F8', 'Ctrl + Shift + V', 'Control Right']);
  await expect(bound.first()).toContainText('Press it once, with another window in front');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  await bound.first().getByRole('combobox').selectOption('mute');
  await bound.nth(1).getByRole('button').click();
  const last = (await win.intents()).at(-1);
  expect(last).toEqual({
    do: 'setKeys',
    keys: [
      { chord: 'F8', does: 'mute' },
      { chord: 'ControlRight', does: 'talk' },
    ],
  });
});

test('a key that another program has, or that one types with, is told so', async ({ page, win }) => {
  await win.open('room-keys');
  await page.getByTestId('open-settings').click();
  const conflicts = page.getByTestId('conflict');
  await expect(conflicts).toHaveText('Another program has this key for itself: both will act.');
  await page.getByTestId('bind').click();
  await page.keyboard.press('KeyV');
  await expect(conflicts).toHaveCount(2);
  await expect(conflicts.last()).toContainText('whenever you type it');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('a button of a gamepad is bound by pressing it while a key is asked for, and not otherwise', async ({
  page,
  win,
}) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  const press = () => page.evaluate(() => globalThis.pushtalkMock?.gamepad('GamepadLeftShoulder'));
  await press();
  await page.getByTestId('bind').click();
  await press();
  await expect(page.getByTestId('bind')).toHaveText('Add a key');
  await expect(page.getByTestId('bound').locator('kbd')).toHaveText(['Gamepad Left Shoulder']);
  await expect(page.getByTestId('bound')).toContainText('Press it once, with another window in front');
  await press();
  await win.expectDone('bindKey', 'bindKey', 'setKeys');
});

test('a key that cannot be bound is told where it was pressed', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  await page.evaluate(() => globalThis.pushtalkMock?.notice('badKey', 'Ctrl+KeyV'));
  await expect(page.getByTestId('keys').getByRole('alert')).toContainText('cannot be bound: Ctrl + V');
});

test('the right Alt is bound alone and not with another key', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  const bind = page.getByTestId('bind');
  const bound = page.getByTestId('bound').locator('kbd');
  for (const [keys, all] of [
    ['AltRight+F8', []],
    ['AltLeft+F8', ['Alt + F8']],
    ['AltRight', ['Alt + F8', 'Alt Right']],
  ] as const) {
    await bind.click();
    await page.keyboard.press(keys);
    await expect(bind).toHaveText('Add a key');
    await expect(bound).toHaveText(all);
    if (all.length === 0) {
      const alert = page.getByTestId('keys').getByRole('alert');
      await expect(alert).toContainText('bound: Alt Right + F8. With the right Alt one writes');
    }
  }
});

test('the right Alt is refused also where it does not count as Alt', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  const bind = page.getByTestId('bind');
  const press = (type: 'keydown' | 'keyup', code: string) =>
    page.evaluate(([type, code]) => dispatchEvent(new KeyboardEvent(type, { code })), [type, code] as const);
  const refused = page.getByTestId('keys').getByRole('alert');
  await bind.click();
  await press('keydown', 'AltRight');
  await press('keydown', 'F8');
  await expect(refused).toContainText('bound: Alt Right + F8.');
  await bind.click();
  await press('keydown', 'AltRight');
  await press('keydown', 'ControlLeft');
  await press('keyup', 'AltRight');
  await press('keydown', 'F8');
  await expect(page.getByTestId('bound').locator('kbd')).toHaveText(['F8']);
  await expect(refused).toBeHidden();
});

test('a key that no readable keyboard has works in the window and is told, and so is that nobody is there', async ({
  page,
  win,
}) => {
  await win.open('room-keyssome');
  await expect(page.getByTestId('talk-hint')).toContainText(
    'bound keys work again after you press this button',
  );
  await page.keyboard.press('F9');
  await page.keyboard.press('Control+KeyM');
  await win.expectDone('disableAudio');
  await page.getByTestId('open-settings').click();
  const bound = page.getByTestId('bound');
  await expect(bound.first()).toContainText('Works in other programs');
  await expect(bound.nth(1)).toContainText('Only in this window.');
  await expect(page.getByTestId('reach')).toContainText('on no keyboard or mouse that PushTalk can read');
  await expect(page.getByTestId('allow-raw')).toHaveValue(/^sudo install .*60-pushtalk.rules/);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('a chord ends when what is held with its key comes up', async ({ page, win }) => {
  await win.open('room-keyshere');
  await page.evaluate(() =>
    globalThis.pushtalkMock?.act({ do: 'setKeys', keys: [{ chord: 'Alt+KeyB', does: 'talk' }] }),
  );
  await page.keyboard.down('Alt');
  await page.keyboard.down('b');
  await win.expectSituation('talking');
  await page.keyboard.up('Alt');
  await win.expectSituation('idle');
});

test('Escape and another window bind nothing, and the dialog stays', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  await page.getByTestId('bind').click();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('bind')).toHaveText('Add a key');
  await page.getByTestId('bind').click();
  await page.evaluate(() => dispatchEvent(new Event('blur')));
  await page.keyboard.press('F8');
  await expect(page.getByTestId('settings')).toBeVisible();
  await win.expectDone('bindKey', 'bindKey', 'bindKey', 'bindKey');
});

test('what was heard is proven, and where nothing can be heard the reason is said', async ({ page, win }) => {
  await win.open('room-keys');
  await page.getByTestId('open-settings').click();
  await expect(page.getByTestId('bound').first()).toContainText('Works in other programs');
  await expect(page.getByTestId('bound').nth(1)).toContainText('to prove that it works there');
  await win.open('room-keyshere');
  await page.getByTestId('open-settings').click();
  await expect(page.getByTestId('bound').first()).toContainText('Only in this window.');
  await expect(page.getByTestId('reach')).toContainText('Only in this window: this desktop (Wayland)');
});

test('where the desktop tells them, it is said by what, and what it has bound to nothing works in the window', async ({
  page,
  win,
}) => {
  await win.open('room-keysdesktop');
  await page.keyboard.press('F9');
  await page.keyboard.press('Control+KeyM');
  await win.expectDone('disableAudio');
  await page.getByTestId('open-settings').click();
  const bound = page.getByTestId('bound');
  await expect(bound.first()).toContainText(/The desktop has it on: .Press F9./);
  await expect(bound.nth(1)).toContainText('set it in the settings of the desktop');
});

test('keyboards are read directly only where that helps and only when it was chosen, and how it is allowed is said', async ({
  page,
  win,
}) => {
  await win.open('room-keys');
  await page.getByTestId('open-settings').click();
  await expect(page.getByTestId('raw-keys')).toBeHidden();
  await win.open('room-keysdesktop');
  await page.getByTestId('open-settings').click();
  await expect(page.getByTestId('raw-keys')).not.toBeChecked();
  await page.getByTestId('raw-keys').check();
  expect((await win.intents()).at(-1)).toEqual({ do: 'setRawKeys', on: true });
  await win.open('room-keysunreadable');
  await page.getByTestId('open-settings').click();
  await expect(page.getByTestId('reach')).toContainText(
    'PushTalk can read no keyboard or mouse with these keys',
  );
  await expect(page.getByTestId('bound').last()).toContainText('lets PushTalk read no gamepad');
  await expect(page.getByTestId('allow-raw')).toHaveValue(/^sudo install .*60-pushtalk.rules/);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('where only the window hears them, they do what they are bound to', async ({ page, win }) => {
  await win.open('room-keyshere');
  await page.keyboard.down('F9');
  await win.expectSituation('talking');
  await page.keyboard.down('F9');
  await page.keyboard.up('F9');
  await win.expectSituation('idle');
  await page.keyboard.press('Control+KeyM');
  await page.mouse.move(450, 620);
  await page.evaluate(() => {
    for (const kind of ['mousedown', 'mouseup'])
      document.body.dispatchEvent(new MouseEvent(kind, { button: 3, bubbles: true }));
  });
  await win.expectDone('press', 'release', 'disableAudio', 'toggleTalk');
  // Not what somebody types, nor behind a dialog.
  await page.getByTestId('open-settings').click();
  await page.keyboard.press('F9');
  await win.expectDone('press', 'release', 'disableAudio', 'toggleTalk');
});

test('where the whole system hears them, the window leaves them alone', async ({ page, win }) => {
  await win.open('room-keys');
  await page.keyboard.press('F9');
  await page.keyboard.press('Control+KeyM');
  await win.expectDone();
});

test('the button says that nobody has to hold it, and Enter taps it', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  await page.getByTestId('latch').check();
  await page.keyboard.press('Escape');
  await win.talk.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('talk-hint')).toHaveText('It stays on. Press again to end.');
  await page.keyboard.press('Enter');
  await win.expectSituation('idle');
});

test('how long talking goes on is chosen', async ({ page, win }) => {
  await win.open('home');
  await page.getByTestId('open-settings').click();
  await page.getByTestId('release-delay').fill('500');
  await expect(page.getByText('500 ms')).toBeVisible();
  await page.getByTestId('double-press').check();
  const last = (await win.intents()).at(-1);
  expect(last).toEqual({
    do: 'setTalkKey',
    talkKey: { releaseDelay: 500, latch: false, doublePress: true },
  });
});

test('whether other programs can press it is said, and a key is bound in the first run already', async ({
  page,
  win,
}) => {
  await win.open('room-keysunreadable');
  await page.getByTestId('open-settings').click();
  await expect(page.getByTestId('socket')).toContainText('No other program can press');
  await win.open('first-run');
  await page.getByTestId('first-next').click();
  await page.getByTestId('first-next').click();
  await expect(page.getByTestId('socket')).toContainText('pushtalk ptt');
  await page.getByTestId('bind').click();
  await page.keyboard.press('Space');
  await expect(page.getByTestId('first-told')).toHaveText('');
  await expect(page.getByTestId('bound').locator('kbd')).toHaveText('Space');
  await page.getByTestId('first-talk').focus();
  await page.keyboard.down('Space');
  await expect(page.getByTestId('first-told')).not.toHaveText('');
  await page.keyboard.up('Space');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('a key that is down comes up, though the whole system hears it meanwhile', async ({ page, win }) => {
  await win.open('room-keyshere');
  await page.keyboard.down('F9');
  await win.expectSituation('talking');
  await page.evaluate(() => globalThis.pushtalkMock?.keysReach('everywhere'));
  await page.keyboard.up('F9');
  await win.expectSituation('idle');
  await win.expectDone('press', 'release');
});

test('a key of which the system tells nothing is refused', async ({ browser }) => {
  const context = await browser.newContext({ userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)' });
  const page = await context.newPage();
  await page.goto('/?scene=room-idle&');
  await page.getByTestId('open-settings').click();
  await page.getByTestId('bind').click();
  await page.keyboard.press('Pause');
  await expect(page.getByTestId('keys').getByRole('alert')).toContainText('cannot be bound: Pause');
  await expect(page.getByTestId('bound')).toHaveCount(0);
  await page.getByTestId('bind').click();
  await page.keyboard.press('F8');
  await expect(page.getByTestId('keys').getByRole('alert')).toHaveCount(0);
  await expect(page.getByTestId('bound')).toHaveCount(1);
  await context.close();
});
