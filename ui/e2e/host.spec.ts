// What the host can do, and that nobody else can.
import { invitation } from '../src/backend/scenes';
import { words } from '../src/words/words';
import { expect, test } from './window';

const ben = { name: /^.?Ben/ };

test('removing somebody says what it does, and is asked once more', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByRole('button', ben).click();
  const person = page.getByRole('dialog', { name: 'Ben' });
  await person.getByTestId('kick').click();
  await expect(person.getByTestId('kick-ask')).toContainText(
    'Ben is sent away at once. All keys change, and so do code and link',
  );
  await expect(person.getByRole('button', { name: words.person.cancel })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(person.getByTestId('kick')).toBeFocused();
  await win.expectDone();
  await page.keyboard.press('Enter');
  await person.getByRole('button', { name: words.person.kickYes, exact: true }).click();
  await expect(person).toBeHidden();
  await expect(page.getByTestId('member')).toHaveCount(2);
  expect(await win.intents()).toEqual([{ do: 'kick', id: 'm1' }]);
  await page.getByTestId('invite').click();
  await expect(page.getByTestId('invite-code')).not.toHaveValue(invitation.code);
});

test('the dialog of a member closes when the member leaves', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByRole('button', ben).click();
  await page.evaluate(() => globalThis.pushtalkMock?.go('m1'));
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('handing over says what it does; after it the powers are gone', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByRole('button', ben).click();
  await page.getByTestId('hand-over').click();
  await expect(page.getByTestId('hand-over-ask')).toContainText('Only Ben can make you the host again.');
  await page.getByRole('button', { name: words.person.handOverYes }).click();
  await expect(page.getByRole('alert')).toContainText('Ben is the host now.');
  await expect(page.getByTestId('member').nth(1)).toContainText(words.room.host);
  await expect(page.getByTestId('open-control')).toHaveCount(0);
  await page.getByRole('button', ben).click();
  await expect(page.getByTestId('verify')).toBeVisible();
  await expect(page.getByTestId('kick')).toHaveCount(0);
  await expect(page.getByTestId('hand-over')).toHaveCount(0);
  expect(await win.intents()).toEqual([{ do: 'handOver', id: 'm1' }]);
});

test('only the host sees what only the host can do, and sees it on becoming the host', async ({
  page,
  win,
}) => {
  await win.open('room-hidden');
  await page.evaluate(() => globalThis.pushtalkMock?.talk('m1'));
  for (const power of ['open-control', 'interrupt']) await expect(page.getByTestId(power)).toHaveCount(0);
  await page.getByTestId('invite').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expect(page.getByTestId('new-code')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await page.evaluate(() => globalThis.pushtalkMock?.crown());
  await expect(page.getByText(words.errors.youAreHost.todo)).toBeVisible();
  for (const power of ['open-control', 'interrupt']) await expect(page.getByTestId(power)).toBeVisible();
});

test('the room is locked, and unlocked again', async ({ page, win }) => {
  await win.open('room-idle');
  const before = await win.talk.boundingBox();
  await page.getByTestId('open-control').click();
  await expect(page.getByTestId('door-apply')).toBeDisabled();
  await page.getByRole('radio', { name: words.doors.locked.label }).check();
  await win.expectDone();
  await page.getByTestId('door-apply').click();
  await expect(page.getByRole('dialog')).toContainText(words.control.applied);
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('room-marks')).toContainText(words.room.locked);
  await expect(page.getByTestId('invite')).toBeDisabled();
  await expect(page.getByTestId('spoken')).toContainText(words.spoken.locked);
  expect(await win.talk.boundingBox()).toEqual(before);

  await page.getByTestId('open-control').click();
  await page.getByRole('radio', { name: words.doors.open.label }).check();
  await page.getByTestId('door-apply').click();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('invite')).toBeEnabled();
  expect(await win.intents()).toEqual([{ do: 'lock', pin: null }, { do: 'unlock' }]);
});

test('a PIN is asked for, checked, and never shown again', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-control').click();
  await page.getByRole('radio', { name: words.doors.pin.label }).check();
  const pin = page.getByTestId('door-pin');
  await pin.fill('12a4');
  await page.keyboard.press('Enter');
  await expect(pin).toHaveAccessibleDescription(words.control.pinWrong);
  await win.expectDone();
  await pin.fill('24 68');
  await page.keyboard.press('Enter');
  await expect(pin).toHaveValue('');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('room-marks')).toContainText(words.room.withPin);
  expect(await win.intents()).toEqual([{ do: 'lock', pin: '2468' }]);
  await page.getByTestId('invite').click();
  await expect(page.getByRole('dialog')).toContainText(words.invite.whatPin);
});

test('what was chosen and not applied is forgotten', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-control').click();
  await page.getByRole('radio', { name: words.doors.locked.label }).check();
  await page.keyboard.press('Escape');
  await page.getByTestId('open-control').click();
  await expect(page.getByRole('radio', { name: words.doors.open.label })).toBeChecked();
  await win.expectDone();
});

test('who may talk and for how long is changed at once', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-control').click();
  await page.getByRole('radio', { name: words.modes.open.label }).check();
  await page.getByLabel(words.control.limit, { exact: true }).selectOption('60 seconds');
  await page.getByRole('radio', { name: words.modes.radio.label }).check();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('floor')).toContainText('Talk limit 60 s');
  expect(await win.intents()).toEqual([
    { do: 'setMode', mode: 'open' },
    { do: 'setTalkLimit', seconds: 60 },
    { do: 'setMode', mode: 'radio' },
  ]);
});

test('a new code is made from the invitation', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('invite').click();
  await expect(page.getByRole('dialog')).toContainText(words.invite.newCodeHint);
  await page.getByTestId('new-code').click();
  await expect(page.getByTestId('invite-code')).not.toHaveValue(invitation.code);
  await win.expectDone('newCode');
});

test('a dead code is told until there is a new one', async ({ page, win }) => {
  await win.open('room-idle');
  await page.evaluate(() => globalThis.pushtalkMock?.guessed());
  const warning = page.getByTestId('code-dead');
  await expect(warning).toContainText(words.warnings.codeDead);
  // Once, and not as a notice, too.
  await expect(page.getByRole('alert')).toHaveCount(1);
  await page.getByTestId('invite').click();
  await expect(page.getByRole('dialog')).toContainText(words.invite.codeDead);
  await page.keyboard.press('Escape');
  await warning.getByRole('button', { name: words.warnings.newCode }).click();
  await expect(warning).toHaveCount(0);
  await win.expectDone('newCode');
});

test('an invitation that was closed by locking does not open by itself', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('invite').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.evaluate(() => globalThis.pushtalkMock?.act({ do: 'lock', pin: null }));
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.evaluate(() => globalThis.pushtalkMock?.act({ do: 'unlock' }));
  await expect(page.getByTestId('invite')).toBeEnabled();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('all of it is reached by the keyboard', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('invite').focus();
  await page.keyboard.press('Tab');
  await expect(page.getByTestId('open-control')).toBeFocused();
  for (const control of ['small', 'open-settings', 'leave']) {
    await page.keyboard.press('Tab');
    await expect(page.getByTestId(control)).toBeFocused();
  }
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', ben)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('volume')).toBeVisible();
  for (const control of ['volume', 'mute', 'whisper-to', 'verify', 'block', 'hand-over', 'kick']) {
    await page.keyboard.press('Tab');
    await expect(page.getByTestId(control)).toBeFocused();
  }
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', ben)).toBeFocused();
  await win.expectDone();
});
