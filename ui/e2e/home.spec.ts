// Home: hosting, joining, and what goes wrong on the way in.
import { PIN } from '../src/backend/entrance';
import { invitation } from '../src/backend/scenes';
import { words } from '../src/words/words';
import { expect, test } from './window';

test('hosting takes a name and leads into a room with the microphone off', async ({ page, win }) => {
  await win.open('home');
  await page.getByLabel('Your name').fill('  Ana ');
  await page.getByLabel('Room title').fill('Hike');
  await page.getByRole('button', { name: 'Host' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Hike');
  await win.expectSituation('audioOff');
  expect(await win.intents()).toEqual([{ do: 'host', name: 'Ana', title: 'Hike' }]);
});

test('without a name nothing is asked for, and the field says why', async ({ page, win }) => {
  await win.open('home');
  await page.getByTestId('host').click();
  await expect(page.getByTestId('name')).toBeFocused();
  await expect(page.getByTestId('name')).toHaveAccessibleDescription(words.home.youMissing);
  await win.expectDone();
});

test('a pasted link shows where it leads before Join is pressed, and needs no server', async ({
  page,
  win,
}) => {
  await win.open('home');
  await page.getByTestId('name').fill('Chloé');
  await page.getByTestId('invitation').fill(`  ${invitation.link} `);
  const leads = page.getByTestId('inspected');
  await expect(leads).toContainText('Leads to room 7K0 at');
  for (const server of invitation.servers) await expect(leads).toContainText(server);
  await expect(page.getByTestId('server')).toHaveCount(0);
  await win.expectDone();
  await page.getByTestId('join').click();
  await expect(page.getByTestId('member')).toHaveCount(3);
  expect(await win.intents()).toEqual([
    { do: 'join', name: 'Chloé', text: invitation.link, server: null, pin: null },
  ]);
});

test('a room on this network is picked, and its code needs no server', async ({ page, win }) => {
  await win.open('home-nearby');
  await page.getByTestId('nearby').getByText('7K0-…').click();
  await expect(page.getByTestId('invitation')).toBeFocused();
  await expect(page.getByTestId('invitation')).toHaveValue('7K0-');
  await page.keyboard.type('1QP-XY2');
  await page.getByTestId('join').click();
  await expect(page.getByTestId('room-title')).toBeVisible();
  expect(await win.intents()).toEqual([
    { do: 'join', name: 'Ana', text: '7K0-1QP-XY2', server: null, pin: null },
  ]);
});

test('a code asks for the server where rooms are not looked for, and is sent with it', async ({
  page,
  win,
}) => {
  await win.open('home-by-address');
  await page.getByTestId('name').fill('Chloé');
  await page.getByTestId('invitation').fill('7k0 1qp xy2');
  await expect(page.getByTestId('inspected')).toContainText('7K0-1QP-XY2');
  await page.getByTestId('join').click();
  await expect(page.getByTestId('server')).toBeFocused();
  await expect(page.getByTestId('server')).toHaveAccessibleDescription(words.home.serverMissing);
  await page.getByTestId('server').fill('192.168.1.20:7300');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('room-title')).toBeVisible();
  expect(await win.intents()).toEqual([
    { do: 'join', name: 'Chloé', text: '7k0 1qp xy2', server: '192.168.1.20:7300', pin: null },
  ]);
});

test('a text that is no invitation is told so, and cannot be joined by', async ({ page, win }) => {
  await win.open('home');
  await page.getByTestId('name').fill('Chloé');
  await page.getByTestId('join').click();
  await expect(page.getByTestId('inspected')).toContainText(words.home.invitationMissing);
  await page.getByTestId('invitation').fill('hello');
  await expect(page.getByTestId('inspected')).toContainText(words.errors.notAnInvitation.what);
  await page.getByTestId('join').click();
  await expect(page.getByTestId('invitation')).toBeFocused();
  await win.expectDone();
});

test('an answer for an older text is not shown, and not joined by', async ({ page, win }) => {
  await win.open('home');
  await page.getByTestId('name').fill('Chloé');
  await page.getByTestId('invitation').fill(invitation.link);
  await expect(page.getByTestId('inspected')).toContainText('7K0');
  // From now on the program is slow to answer.
  await page.evaluate(() => {
    const mock = globalThis.pushtalkMock;
    if (mock) mock.act = () => Promise.resolve();
  });
  await page.getByTestId('invitation').fill('7k0 1qp xy2');
  await expect(page.getByTestId('inspected')).not.toContainText('7K0');
  await page.getByTestId('join').click();
  await expect(page.getByTestId('name')).toBeVisible();
  await win.expectDone();
});

test('a wrong code comes back home with words, which can be dismissed', async ({ page, win }) => {
  await win.open('home');
  await page.getByTestId('name').fill('Chloé');
  await page.getByTestId('invitation').fill('000-1QP-XY2');
  await page.getByTestId('server').fill('192.168.1.20:7300');
  await page.getByTestId('join').click();
  const notice = page.getByRole('alert');
  await expect(notice).toContainText(words.errors.wrongCode.what);
  await expect(notice).toContainText(words.errors.wrongCode.todo);
  await expect(page.getByTestId('name')).toHaveValue('Chloé');
  await expect(page.getByTestId('invitation')).toHaveValue('000-1QP-XY2');
  await expect(page.getByTestId('server')).toHaveValue('192.168.1.20:7300');
  await notice.getByRole('button').click();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a room with a PIN asks for it, and keeps what was typed', async ({ page, win }) => {
  await win.open('home');
  await page.getByTestId('name').fill('Chloé');
  await page.getByTestId('invitation').fill('111-1QP-XY2');
  await page.getByTestId('server').fill('192.168.1.20:7300');
  await expect(page.getByTestId('pin')).toHaveCount(0);
  await page.getByTestId('join').click();
  await expect(page.getByRole('alert')).toContainText(words.errors.pinNeeded.what);
  const pin = page.getByTestId('pin');
  await expect(pin).toBeFocused();
  await page.keyboard.type('12');
  await page.keyboard.press('Enter');
  await expect(pin).toHaveAccessibleDescription(words.home.pinMissing);
  await expect(page.getByTestId('invitation')).toHaveValue('111-1QP-XY2');

  await pin.fill('1234');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('Tries left: 4.');
  await expect(pin).toBeFocused();
  await expect(pin).toHaveValue('1234');
  await expect(page.getByTestId('server')).toHaveValue('192.168.1.20:7300');
  // It is selected: what is typed now takes its place.
  await page.keyboard.type(` ${PIN}`);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('room-title')).toBeVisible();
  expect((await win.intents()).map((intent) => (intent.do === 'join' ? intent.pin : intent.do))).toEqual([
    null,
    '1234',
    PIN,
  ]);
  await page.getByTestId('leave').click();
  await expect(page.getByTestId('invitation')).toHaveValue('');
  await expect(page.getByTestId('pin')).toHaveCount(0);
});

test('where no PIN is needed any more, it is left out', async ({ page, win }) => {
  await win.open('home');
  await page.getByTestId('name').fill('Chloé');
  await page.getByTestId('invitation').fill('111-1QP-XY2');
  await page.getByTestId('server').fill('192.168.1.20:7300');
  await page.getByTestId('join').click();
  await page.getByTestId('pin').fill('1234');
  await page.getByTestId('invitation').fill('222-1QP-XY2');
  await page.getByTestId('join').click();
  await expect(page.getByRole('alert')).toContainText(words.errors.pinUnneeded.what);
  await expect(page.getByTestId('pin')).toHaveCount(0);
  await page.getByTestId('join').click();
  await expect(page.getByTestId('room-title')).toBeVisible();
});

for (const [code, why] of [
  ['888-1QP-XY2', 'codeRetired'],
  ['999-1QP-XY2', 'roomLocked'],
] as const) {
  test(`turned away with ${why}, one is told what to do`, async ({ page, win }) => {
    await win.open('home');
    await page.getByTestId('name').fill('Chloé');
    await page.getByTestId('invitation').fill(code);
    await page.getByTestId('server').fill('192.168.1.20:7300');
    await page.getByTestId('join').click();
    await expect(page.getByRole('alert')).toContainText(words.errors[why].todo);
    await expect(page.getByTestId('invitation')).toHaveValue(code);
  });
}

test('once in a room, the invitation is forgotten', async ({ page, win }) => {
  await win.open('home');
  await page.getByTestId('name').fill('Chloé');
  await page.getByTestId('invitation').fill(invitation.link);
  await page.getByTestId('join').click();
  await page.getByTestId('leave').click();
  await expect(page.getByTestId('name')).toHaveValue('Chloé');
  await expect(page.getByTestId('invitation')).toHaveValue('');
});

test('every error says what happened and what to do', async ({ page, win }) => {
  for (const [code, { what, todo }] of Object.entries(words.errors)) {
    await win.open(`error-${code}`);
    const notice = page.getByRole('alert');
    await expect(notice).toContainText(
      what.replace('{about}', 'Ben <1.2>').replace('{instead}', 'Built-in <2>'),
    );
    await expect(notice).toContainText(code === 'microphoneBlocked' ? words.blocked.linux : todo);
  }
});

test('coming in shows its steps, and can be stopped', async ({ page, win }) => {
  await win.open('home', 'manual');
  await page.getByTestId('name').fill('Ana');
  await page.getByTestId('host').click();
  const step = page.locator('[aria-current="step"]');
  await expect(step).toContainText(words.steps.startingServer);
  await page.evaluate(() => globalThis.pushtalkMock?.step());
  await expect(step).toContainText(words.steps.connecting);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByTestId('host')).toBeVisible();
  await win.expectDone('host', 'leave');
});

test('recent rooms are used again and forgotten', async ({ page, win }) => {
  await win.open('home-recent');
  await expect(page.getByTestId('name')).toHaveValue('Ana');
  await page.getByRole('button', { name: /Use .*Stage crew.* again/ }).click();
  await expect(page.getByTestId('title')).toHaveValue('Stage crew');
  await expect(page.getByTestId('host')).toBeFocused();
  await page.getByRole('button', { name: /Use .*Friday hike.* again/ }).click();
  await expect(page.getByTestId('invitation')).toBeFocused();
  await page.keyboard.type('7K0-1QP-XY2');
  await expect(page.getByTestId('server')).toHaveValue('192.168.1.20:7300');
  await page.getByRole('button', { name: /Forget .*Friday hike/ }).click();
  await expect(page.getByText('Friday hike')).toHaveCount(0);
  await page.getByRole('button', { name: 'Forget all' }).click();
  await expect(page.getByText('Recent rooms')).toHaveCount(0);
});
