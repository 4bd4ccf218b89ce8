// Hearing nobody, blocking, the small window, the first run, offered invitations, and what the connections dialog tells.
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from './window';

const LINK =
  'pushtalk://j/1.7K0.MDEyMzQ1Njc4OWFiY2RlZg.BMCoARQchA.dGhpcnR5LXR3byBieXRlcyBvZiBhIGNlcnRpZmljYXQ';

test('who hears nobody is told so, and a press hears again', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('deafen').click();
  await win.expectSituation('deafened');
  await expect(page.getByTestId('spoken')).toHaveText('You hear nobody');
  await expect(page.getByTestId('member').first()).toContainText('Hears nobody');
  await win.hold();
  await win.expectSituation('idle');
  await page.mouse.up();
  await win.expectDone('setDeafened', 'setDeafened');
  // By Enter too, for who cannot hold.
  await page.getByTestId('deafen').click();
  await win.talk.press('Enter');
  await win.expectSituation('idle');
});

test('a member is blocked and unblocked where it is shown', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('member').nth(1).getByRole('button').click();
  await page.getByTestId('block').click();
  await expect(page.getByTestId('member').nth(1)).toHaveAttribute('data-link', 'blocked');
  await page.getByTestId('block').click();
  expect(await win.intents()).toEqual([
    { do: 'setBlocked', id: 'm1', on: true },
    { do: 'setBlocked', id: 'm1', on: false },
  ]);
});

test('the small window has the button and who talks, and leaves nothing unreachable', async ({
  page,
  win,
}) => {
  await win.open('room-receiving');
  await page.getByTestId('small').click();
  expect(await page.evaluate(() => globalThis.pushtalkMock?.isSmall)).toBe(true);
  for (const size of [
    { width: 280, height: 320 },
    { width: 240, height: 260 },
  ]) {
    await page.setViewportSize(size);
    await expect(win.talk).toBeInViewport({ ratio: 1 });
    await expect(page.getByTestId('floor')).toBeInViewport({ ratio: 1 });
    await expect(page.getByTestId('floor')).toContainText('Ben');
    expect(await win.cut('100%')).toEqual({ page: 0, clipped: [] });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  }
  await page.getByTestId('small').click();
  expect(await page.evaluate(() => globalThis.pushtalkMock?.isSmall)).toBe(false);
  await expect(page.getByTestId('leave')).toBeVisible();
});

test('the small window ends with the room', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('small').click();
  await page.evaluate(() => globalThis.pushtalkMock?.act({ do: 'leave' }));
  await page.getByTestId('host').waitFor();
  expect(await page.evaluate(() => globalThis.pushtalkMock?.isSmall)).toBe(false);
});

test('the first run says what it is, tries sound and the button, and comes once', async ({ page, win }) => {
  await win.open('first-run');
  await page.getByTestId('first-name').fill('Ana');
  await page.getByTestId('first-next').click();
  await page.getByTestId('first-hear').click();
  await page.getByTestId('first-next').click();
  await expect(page.getByTestId('first-told')).toHaveText('');
  await page.keyboard.down('Space');
  await expect(page.getByTestId('first-told')).toHaveText('That is it: now they would hear you.');
  await page.keyboard.up('Space');
  await expect(page.getByTestId('first-told')).toHaveText('It works. Release ends it.');
  await page.getByTestId('first-next').click();
  await expect(page.getByTestId('name')).toHaveValue('Ana');
  // Leaving the step ends the sound check, and no press has gone anywhere.
  await win.expectDone('hearYourself', 'stopSoundCheck', 'welcomed');
});

test('the first run can be left at once', async ({ page, win }) => {
  await win.open('first-run');
  await page.getByTestId('first-skip').click();
  await page.getByTestId('host').waitFor();
  await win.expectDone('welcomed');
});

test('an invitation that was opened elsewhere is shown and joins nothing', async ({ page, win }) => {
  await win.open('home');
  await page.evaluate((link) => globalThis.pushtalkMock?.offer(link), LINK);
  await expect(page.getByTestId('invitation')).toHaveValue(LINK);
  await expect(page.locator('form').first()).toContainText('Leads to room');
  await win.expectDone('takeOffer');
});

test('in a room an invitation waits for the person to leave', async ({ page, win }) => {
  await win.open('room-idle');
  const offer = (): Promise<void> => page.evaluate((link) => globalThis.pushtalkMock?.offer(link), LINK);
  await offer();
  await page.getByTestId('offered-stay').click();
  await win.expectDone('takeOffer');
  await offer();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByTestId('offered-go').click();
  await expect(page.getByTestId('invitation')).toHaveValue(LINK);
  await win.expectDone('takeOffer', 'takeOffer', 'leave');
});

test('the connections tell how voices arrive and every address, and copy neither', async ({ page, win }) => {
  await win.open('room-measured');
  await page.getByTestId('open-settings').click();
  await page.getByTestId('open-connections').click();
  const dialog = page.getByTestId('connections');
  await expect(dialog.getByTestId('measured').first()).toContainText('48 ms');
  await expect(dialog.getByTestId('contact')).toHaveCount(5);
  await expect(dialog).toContainText('192.168.1.21:50000');
  await expect(dialog).toContainText('somebody who has left');
  await expect(dialog.getByTestId('report')).toHaveValue(/"mouthToEarMs":48/);
  await expect(dialog.getByTestId('report')).not.toHaveValue(/192\.168|Ben|7K0/);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('manners of the desktop are chosen one by one', async ({ page, win }) => {
  await win.open('home');
  await page.getByTestId('open-settings').click();
  await page.getByTestId('manner-closeToTray').check();
  await page.getByTestId('manner-quiet').check();
  const manners = { closeToTray: true, startAtLogin: false, notify: true, quiet: true };
  expect((await win.intents()).at(-1)).toEqual({ do: 'setManners', manners });
});

test('what is kept is saved as a file of its own', async ({ page, win }) => {
  await win.open('home');
  await page.getByTestId('open-settings').click();
  await page.getByTestId('open-privacy').click();
  await page.getByTestId('export').click();
  await expect(page.getByTestId('taken')).toContainText('pushtalk-preferences.json');
});
