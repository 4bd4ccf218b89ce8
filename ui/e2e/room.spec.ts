// The room: the people, inviting, the devices, and leaving.
import { invitation } from '../src/backend/scenes';
import { words } from '../src/words/words';
import { expect, test } from './window';

test('people come, are connected, talk and go', async ({ page, win }) => {
  await win.open('room-alone');
  const members = page.getByTestId('member');
  await expect(members).toHaveCount(1);
  await page.evaluate(() => globalThis.pushtalkMock?.come('Ben'));
  await expect(members.nth(1)).toContainText(words.links.connecting);
  await win.expectSituation('connecting');
  await page.evaluate(() => globalThis.pushtalkMock?.connected());
  await expect(members.nth(1)).toHaveAttribute('data-link', 'ready');
  await win.expectSituation('idle');
  await page.evaluate(() => globalThis.pushtalkMock?.talk('m1'));
  await expect(members.nth(1)).toHaveAttribute('data-talks', 'true');
  await expect(members.nth(1)).toContainText(words.room.talks);
  await page.evaluate(() => globalThis.pushtalkMock?.go('m1'));
  await expect(members).toHaveCount(1);
  await win.expectSituation('alone');
});

test('the host, the lost and those whose keys do not fit are marked by words', async ({ page, win }) => {
  await win.open('room-guest');
  await expect(page.getByTestId('member').nth(1)).toContainText(words.room.host);
  await expect(page.getByTestId('member').nth(2)).toContainText(words.links.lost);
  await win.open('room-mismatch');
  await expect(page.getByTestId('member').nth(1)).toContainText(words.links.mismatch);
  await expect(page.getByTestId('floor')).toContainText('the keys of Ben do not fit');
});

test('names are shown harmlessly', async ({ page, win }) => {
  await win.open('room-names');
  const members = page.getByTestId('members');
  await expect(members).toContainText('<img src=x onerror=alert(1)>');
  await expect(page.getByTestId('room-title')).toHaveText('<b>Ünsinn</b> שלום 🎉');
  await expect(members.locator('img')).toHaveCount(0);
  await expect(members).toContainText(words.room.unnamed);
  expect(await members.locator('.name > bdi').count()).toBe(6);
});

test('the invitation shows link, code, server and a QR code of the link', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('invite').click();
  const dialog = page.getByRole('dialog', { name: 'Invite' });
  await expect(dialog).toContainText(words.invite.what);
  await expect(page.getByTestId('invite-link')).toHaveValue(invitation.link);
  await expect(page.getByTestId('invite-code')).toHaveValue(invitation.code);
  await expect(page.getByTestId('invite-server-0')).toHaveValue(invitation.servers[0] ?? '');
  await expect(page.getByTestId('invite-server-1')).toHaveValue(invitation.servers[1] ?? '');

  const drawn = await page.getByTestId('invite-qr').evaluate((svg) => {
    const path = svg.querySelector('path')?.getAttribute('d') ?? '';
    return [...path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)].map((run) => run.slice(1).map(Number));
  });
  const { size, modules } = invitation.qr;
  const redrawn = Array.from({ length: size * size }, () => '0');
  for (const [x = 0, y = 0, length = 0] of drawn) {
    for (let i = 0; i < length; i += 1) redrawn[(y - 4) * size + x - 4 + i] = '1';
  }
  expect(redrawn.join('')).toBe(modules);

  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.getByTestId('invite')).toBeFocused();
});

test('the link is copied', async ({ page, win, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await win.open('room-idle');
  await page.getByTestId('invite').click();
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByRole('dialog')).toContainText(words.invite.copied);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(invitation.link);
});

test('where the clipboard is closed, the text is selected for the person to copy', async ({ page, win }) => {
  await win.open('room-idle');
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));
  });
  await page.getByTestId('invite').click();
  await page.getByRole('button', { name: 'Copy code' }).click();
  await expect(page.getByRole('dialog')).toContainText(words.invite.selected);
  expect(await page.evaluate(() => getSelection()?.toString())).toBe(invitation.code);
});

test('when the server is gone the room says so, and so does the invitation', async ({ page, win }) => {
  await win.open('room-servergone');
  await expect(page.getByText(words.room.serverGone)).toBeVisible();
  await page.getByTestId('invite').click();
  await expect(page.getByRole('dialog')).toContainText(words.invite.serverGone);
});

test('a guest who knows no invitation cannot hand one on', async ({ page, win }) => {
  await win.open('room-guest');
  await expect(page.getByTestId('leave')).toBeVisible();
  await expect(page.getByTestId('invite')).toHaveCount(0);
});

test('devices are chosen by their names', async ({ page, win }) => {
  await win.open('room-nomic');
  await page.getByRole('button', { name: words.room.chooseMic }).click();
  await page.getByLabel('Microphone', { exact: true }).selectOption('USB Headset Mono');
  await page.getByLabel('Loudspeaker').selectOption('USB Headset Analog Stereo');
  await page.getByLabel('Microphone', { exact: true }).selectOption('');
  expect(await win.intents()).toEqual([
    { do: 'setDevices', input: 'USB Headset Mono', output: null },
    { do: 'setDevices', input: 'USB Headset Mono', output: 'USB Headset Analog Stereo' },
    { do: 'setDevices', input: null, output: 'USB Headset Analog Stereo' },
  ]);
});

test('rooms are hosted on every network, or on one that is chosen', async ({ page, win }) => {
  await win.open('home');
  const network = page.getByTestId('host-on');
  await expect(network.locator('option')).toHaveText([
    words.home.everyNetwork,
    /wlan0.*192\.168\.1\.5/,
    /eth0.*10\.0\.0\.5.*fd00::5/,
  ]);
  await network.selectOption('eth0');
  await network.selectOption('');
  expect(await win.intents()).toEqual([
    { do: 'setHostOn', network: 'eth0' },
    { do: 'setHostOn', network: null },
  ]);
});

test('where the server is gone, this device can be the next one', async ({ page, win }) => {
  await win.open('room-servergone');
  await page.getByTestId('invite').click();
  await page.getByTestId('host-here').click();
  await win.expectDone('hostHere');
  await expect(page.getByTestId('invite-link')).toBeVisible();
  await expect(page.getByTestId('host-here')).toBeHidden();
  await expect(page.getByTestId('notices')).toContainText(words.errors.nowServing.what);
});

test('the one on whose device the server runs is told so where others are invited', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('invite').click();
  await expect(page.getByTestId('served-here')).toContainText(words.invite.servedHere);
});

test('the sound check says what it does, and is stopped by the same button', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  await page.getByTestId('hear').click();
  await expect(page.getByTestId('sound-check')).toContainText(words.checks.recording);
  await page.getByTestId('hear').click();
  await page.getByTestId('play').click();
  await page.getByTestId('while-pressed').check();
  expect(await win.intents()).toEqual([
    { do: 'hearYourself' },
    { do: 'stopSoundCheck' },
    { do: 'playTestSound' },
    { do: 'setMicWhilePressed', on: true },
  ]);
});

test('a notice in the room leaves the talk button where it is', async ({ page, win }) => {
  await win.open('room-idle');
  const before = await win.talk.boundingBox();
  await page.evaluate(() => globalThis.pushtalkMock?.notice('noOutput'));
  await expect(page.getByRole('alert')).toContainText(words.errors.noOutput.what);
  expect(await win.talk.boundingBox()).toEqual(before);
});

test('nothing moves when the situation changes', async ({ page, win }) => {
  await win.open('room-idle');
  const before = await win.talk.boundingBox();
  for (const situation of [
    'talking',
    'queued',
    'busy',
    'revoked',
    'receiving',
    'offline',
    'reconnecting',
    'audioOff',
    'noMic',
    'silentMic',
    'alone',
  ]) {
    await page.evaluate((is) => {
      globalThis.pushtalkMock?.button({
        is,
        id: 'm1',
        why: 'limit',
        forMs: 0,
        leftMs: 5_000,
        near: false,
        place: 2,
      } as never);
    }, situation);
    await win.expectSituation(situation);
    const now = await win.talk.boundingBox();
    expect(Math.abs((now?.x ?? 0) - (before?.x ?? 0)), situation).toBeLessThan(0.5);
    expect(now?.y, situation).toBe(before?.y);
    expect(now?.width, situation).toBe(before?.width);
  }
});

test('a hand is raised and lowered, and the others’ are shown and told', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByRole('button', { name: words.room.raise }).click();
  await expect(page.getByTestId('member').nth(0)).toContainText(words.room.hand);
  await page.getByRole('button', { name: words.room.lower }).click();
  await expect(page.getByTestId('member').nth(0)).not.toContainText(words.room.hand);
  expect(await win.intents()).toEqual([
    { do: 'raiseHand', up: true },
    { do: 'raiseHand', up: false },
  ]);
  await page.evaluate(() => globalThis.pushtalkMock?.hand('m2', true));
  await expect(page.getByTestId('member').nth(2)).toContainText(words.room.hand);
  await expect(page.getByTestId('spoken')).toHaveText(/Chloé.? raises a hand\./);
});

test('members who cannot hear each other are named', async ({ page, win }) => {
  await win.open('room-idle');
  const before = await win.talk.boundingBox();
  await page.evaluate(() => globalThis.pushtalkMock?.apart('m1', 'm2'));
  await expect(page.getByTestId('apart')).toHaveText('Ben and Chloé cannot hear each other.');
  expect(await win.talk.boundingBox()).toEqual(before);
});

test('hidden members are an alarm that says what to do', async ({ page, win }) => {
  await win.open('room-idle');
  const before = await win.talk.boundingBox();
  await page.evaluate(() => globalThis.pushtalkMock?.hide(2));
  const alarm = page.getByRole('alert');
  await expect(alarm).toContainText('Somebody may be hiding members');
  await expect(alarm).toContainText('2 people more');
  await expect(alarm).toContainText(words.warnings.hiddenTodo);
  await expect(alarm.getByRole('button')).toHaveCount(0);
  expect(await win.talk.boundingBox()).toEqual(before);
});

test('a room whose host is gone says so', async ({ page, win }) => {
  await win.open('room-nohost');
  await expect(page.getByRole('alert')).toContainText(words.errors.hostLost.todo);
  await page.getByRole('alert').getByRole('button').click();
  await expect(page.getByTestId('room-marks')).toContainText(words.room.noHost);
});

test('leaving leads home', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByRole('button', { name: 'Leave' }).click();
  await expect(page.getByTestId('host')).toBeVisible();
  await win.expectDone('leave');
});
