// The talk button: it talks while it is held, and it never sticks.
import { words } from '../src/words/words';
import { expect, test } from './window';

test.describe('held by the mouse', () => {
  test.beforeEach(async ({ win }) => {
    await win.open('room-idle');
    await win.hold();
    await win.expectSituation('talking');
  });

  test('it talks until the mouse goes up', async ({ page, win }) => {
    await win.expectDone('press');
    await page.mouse.up();
    await win.expectSituation('idle');
    await win.expectDone('press', 'release');
  });

  test('it ends when the mouse goes up far away from it', async ({ page, win }) => {
    await page.mouse.move(3, 3);
    await win.expectSituation('talking');
    await page.mouse.up();
    await win.expectDone('press', 'release');
  });

  test('it ends when the system takes the pointer away', async ({ page, win }) => {
    await win.talk.dispatchEvent('pointercancel', { pointerId: 1 });
    await win.expectDone('press', 'release');
    await page.mouse.up();
    await win.expectDone('press', 'release');
  });

  test('it ends when the capture is lost', async ({ win }) => {
    await win.talk.evaluate((button) => {
      for (let id = 0; id < 100; id += 1) if (button.hasPointerCapture(id)) button.releasePointerCapture(id);
    });
    await win.talk.hover({ position: { x: 100, y: 100 } });
    await win.expectDone('press', 'release');
  });

  test('it ends when the mouse moves without its button, because the up was lost', async ({ win }) => {
    await win.talk.dispatchEvent('pointermove', { pointerId: 1, pointerType: 'mouse', buttons: 0 });
    await win.expectDone('press', 'release');
  });

  test('it ends when the window loses the focus', async ({ page, win }) => {
    await page.evaluate(() => globalThis.dispatchEvent(new Event('blur')));
    await win.expectDone('press', 'release');
    await page.mouse.up();
    await win.expectDone('press', 'release');
  });

  test('it ends when the page is hidden', async ({ page, win }) => {
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { get: () => true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await win.expectDone('press', 'release');
  });

  test('it ends when the page is left or loaded again', async ({ page, win }) => {
    await page.evaluate(() => globalThis.dispatchEvent(new Event('pagehide')));
    await win.expectDone('press', 'release');
  });

  test('it ends when the room is gone', async ({ page, win }) => {
    await page.evaluate(() => globalThis.pushtalkMock?.act({ do: 'leave' }));
    await expect(page.getByTestId('host')).toBeVisible();
    await win.expectDone('press', 'leave', 'release');
  });

  test('it ends when the device has slept', async ({ page, win }) => {
    const now = await page.evaluate(() => Date.now());
    // As after waking up: the time of day has gone on, and no event has come.
    await page.evaluate((later) => {
      Date.now = () => later;
    }, now + 60_000);
    await win.expectDone('press', 'release');
  });

  test('a second pointer neither ends nor doubles it', async ({ page, win }) => {
    const finger = { pointerId: 77, pointerType: 'touch', button: 0, buttons: 1 };
    await win.talk.dispatchEvent('pointerdown', finger);
    await win.talk.dispatchEvent('pointerup', finger);
    await win.talk.dispatchEvent('pointercancel', finger);
    await win.expectSituation('talking');
    await page.mouse.up();
    await win.expectDone('press', 'release');
  });

  test('the space bar neither ends nor doubles it', async ({ page, win }) => {
    await page.keyboard.press('Space');
    await win.expectDone('press');
    await page.mouse.up();
    await win.expectDone('press', 'release');
  });
});

test('a press is drawn when it is away, and not when it is over by then', async ({ page, win }) => {
  await win.open('room-idle');
  // The program takes its time with a press, and the view shows nothing of it.
  await page.evaluate(() => {
    const mock = globalThis.pushtalkMock;
    if (mock) mock.act = () => new Promise<void>((done) => addEventListener('taken', () => done()));
  });
  const taken = () => page.evaluate(() => dispatchEvent(new Event('taken')));
  const drawn = page.getByTestId('talk').locator('.held');
  await page.getByTestId('talk').hover();
  await page.mouse.down();
  await expect(drawn).toHaveCount(0);
  await taken();
  await expect(drawn).toHaveCount(1);
  await page.mouse.up();
  await expect(drawn).toHaveCount(0);
  await page.mouse.down();
  await page.mouse.up();
  await taken();
  await expect(drawn).toHaveCount(0);
});

test('only the first mouse button talks', async ({ page, win }) => {
  await win.open('room-idle');
  await win.talk.hover();
  for (const button of ['right', 'middle'] as const) {
    await page.mouse.down({ button });
    await page.mouse.up({ button });
  }
  await win.expectDone();
});

test('a finger holds it, without a menu and without scrolling', async ({ page, win }) => {
  await win.open('room-idle');
  const finger = { pointerId: 5, pointerType: 'touch', button: 0, buttons: 1, isPrimary: true };
  await win.talk.dispatchEvent('pointerdown', finger);
  await win.expectSituation('talking');
  const kept = await win.talk.evaluate((button) =>
    button.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true })),
  );
  expect(kept).toBe(false);
  expect(await win.talk.evaluate((button) => getComputedStyle(button).touchAction)).toBe('none');
  await win.talk.dispatchEvent('pointerup', finger);
  await win.expectDone('press', 'release');
  for (const width of [320, 390, 900]) {
    await page.setViewportSize({ width, height: 700 });
    const box = await win.talk.boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(200);
  }
});

test.describe('the space bar', () => {
  test.beforeEach(({ win }) => win.open('room-idle'));

  test('talks while nothing has the focus, and its repetition is one press', async ({ page, win }) => {
    await page.keyboard.down('Space');
    await page.keyboard.down('Space');
    await page.keyboard.down('Space');
    await win.expectSituation('talking');
    await page.keyboard.up('Space');
    await win.expectDone('press', 'release');
  });

  test('talks while the button has the focus', async ({ page, win }) => {
    await win.talk.focus();
    await page.keyboard.down('Space');
    await win.expectSituation('talking');
    await page.keyboard.up('Space');
    await win.expectSituation('idle');
    await win.expectDone('press', 'release');
  });

  test('ends the talk when the focus has moved meanwhile', async ({ page, win }) => {
    await page.keyboard.down('Space');
    await page.getByTestId('invite').focus();
    await page.keyboard.up('Space');
    await win.expectDone('press', 'release');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });

  test('belongs to a control that has the focus', async ({ page, win }) => {
    await page.getByTestId('mic-off').focus();
    await page.keyboard.press('Space');
    await win.expectDone('disableAudio');
    await page.getByTestId('invite').focus();
    await page.keyboard.press('Space');
    await expect(page.getByRole('dialog', { name: 'Invite' })).toBeVisible();
    await win.expectDone('disableAudio');
  });

  test('does not talk behind a dialog', async ({ page, win }) => {
    await page.getByTestId('open-settings').click();
    await expect(page.getByTestId('settings')).toBeVisible();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('Space');
    await win.expectDone();
  });

  test('is no talk as part of a shortcut', async ({ page, win }) => {
    await page.keyboard.press('Control+Space');
    await page.keyboard.press('Enter');
    await win.expectDone();
  });
});

test('without a microphone in use, pressing turns it on and asks for nothing else', async ({ page, win }) => {
  await win.open('room-off');
  await expect(win.talk).toHaveAccessibleName(words.situations.audioOff.label);
  await win.hold();
  await win.expectSituation('idle');
  await page.mouse.up();
  await win.expectDone('enableAudio');
  await win.hold();
  await win.expectSituation('talking');
  await page.mouse.up();
  await win.expectDone('enableAudio', 'press', 'release');
});

test('Enter and a screen reader can turn on the microphone', async ({ page, win }) => {
  await win.open('room-off');
  await win.talk.focus();
  await page.keyboard.press('Enter');
  await win.expectDone('enableAudio');
});

for (const situation of ['connecting', 'alone', 'offline', 'reconnecting', 'mismatch']) {
  test(`pressing does nothing when ${situation}`, async ({ page, win }) => {
    await win.open(`room-${situation}`);
    await expect(win.talk).toHaveAttribute('aria-disabled', 'true');
    await win.hold();
    await page.mouse.up();
    await page.keyboard.press('Space');
    await win.expectDone();
  });
}

test('asking for the floor is shown only when it takes longer than 80 ms', async ({ page, win }) => {
  await page.clock.install();
  await win.open('room-idle', 'slow');
  await page.clock.pauseAt(Date.now() + 60_000);
  await win.hold();
  await win.expectDone('press');
  await page.clock.runFor(79);
  await win.expectSituation('idle');
  await page.clock.runFor(1);
  await win.expectSituation('requesting');
  await page.evaluate(() => globalThis.pushtalkMock?.grant());
  await win.expectSituation('talking');
  await page.mouse.up();
  await win.expectDone('press', 'release');
});

test('the time goes on between two views, and counts down in the last ten seconds', async ({ page, win }) => {
  await page.clock.install();
  await win.open('room-idle');
  await page.clock.pauseAt(Date.now() + 60_000);
  await win.hold();
  const floor = page.getByTestId('floor');
  await expect(floor).toContainText('0:00');
  await page.clock.runFor(3_050);
  await expect(floor).toContainText('0:03');
  await expect(win.talk).toContainText('0:03');
  await expect(floor).not.toContainText('left');
  await page.clock.runFor(20_000);
  await expect(floor).toContainText('7 s left');
  await page.mouse.up();
  await expect(floor).toContainText(words.room.free);
});

test('a press while somebody talks is busy and says by whom; after it one listens again', async ({
  page,
  win,
}) => {
  await win.open('room-idle', 'queueless');
  await page.evaluate(() => globalThis.pushtalkMock?.talk('m1'));
  await win.expectSituation('receiving');
  await expect(page.getByTestId('floor')).toContainText('Ben talks');
  await win.hold();
  await win.expectSituation('busy');
  await expect(page.getByTestId('talk-hint')).toContainText('Ben talks. Release');
  await page.mouse.up();
  await win.expectSituation('receiving');
  await page.evaluate(() => globalThis.pushtalkMock?.quiet());
  await win.expectSituation('idle');
});

test('a press while somebody talks waits in line, shows the place, and talks in its turn', async ({
  page,
  win,
}) => {
  await win.open('room-idle');
  await page.evaluate(() => {
    globalThis.pushtalkMock?.talk('m1');
    globalThis.pushtalkMock?.ahead(1);
  });
  await expect(page.getByTestId('talk-hint')).toHaveText('Ben talks. Hold the button to wait in line.');
  await win.hold();
  await win.expectSituation('queued');
  await expect(win.talk).toHaveAccessibleName('In line Place 2');
  await expect(page.getByTestId('spoken')).toContainText('Place 2');
  await page.evaluate(() => globalThis.pushtalkMock?.ahead(0));
  await expect(win.talk).toHaveAccessibleName('In line Place 1');
  await page.evaluate(() => globalThis.pushtalkMock?.quiet());
  await win.expectSituation('talking');
  await page.mouse.up();
  await win.expectDone('press', 'release');
});

test('waiting in line is chosen in the settings', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  await page.getByRole('checkbox', { name: words.settings.queueing }).uncheck();
  await page.keyboard.press('Escape');
  await page.evaluate(() => globalThis.pushtalkMock?.talk('m1'));
  await expect(page.getByTestId('talk-hint')).not.toContainText('line');
  expect(await win.intents()).toEqual([{ do: 'setQueueing', on: false }]);
});

test('near the limit the button tells to finish', async ({ page, win }) => {
  await win.open('room-near');
  await expect(win.talk).toContainText(words.talk.near.label);
  await expect(page.getByTestId('talk-hint')).toHaveText(words.talk.near.hint);
});

test('the floor line says how many hear, while one talks and after it', async ({ page, win }) => {
  await win.open('room-idle');
  await expect(page.getByTestId('heard')).toHaveCount(0);
  await win.hold();
  await expect(page.getByTestId('heard')).toHaveText('Heard by 0 of 2');
  await page.evaluate(() => globalThis.pushtalkMock?.heard(1, 2));
  await expect(page.getByTestId('heard')).toHaveText('Heard by 1 of 2');
  await page.mouse.up();
  await expect(page.getByTestId('floor')).toContainText(words.room.free);
  await expect(page.getByTestId('heard')).toHaveText('Heard by 1 of 2');
});

test('in an open room several talk, and the button says that one may, too', async ({ page, win }) => {
  await win.open('room-open');
  const floor = page.getByTestId('floor');
  await expect(floor).toContainText(words.room.openQuiet);
  await expect(page.getByTestId('room-marks')).toContainText(words.room.open);
  await page.evaluate(() => globalThis.pushtalkMock?.talk('m1'));
  await page.evaluate(() => globalThis.pushtalkMock?.talk('m2'));
  await expect(floor).toContainText(/Ben.? and .?Chloé.? talk/);
  await expect(win.talk).toHaveAccessibleName(words.talk.openReceiving.label);
  await expect(page.locator('[data-testid="member"][data-talks="true"]')).toHaveCount(2);
  await win.hold();
  await win.expectSituation('talking');
  await expect(floor).toContainText('You');
  await expect(page.getByTestId('talk-hint')).toHaveText(words.talk.openTalking.hint);
  await page.mouse.up();
  await win.expectSituation('receiving');
  await win.expectDone('press', 'release');
});

test.describe('the host interrupts', () => {
  test.beforeEach(async ({ page, win }) => {
    await win.open('room-idle');
    await expect(page.getByTestId('interrupt')).toHaveCount(0);
    await page.evaluate(() => globalThis.pushtalkMock?.talk('m1'));
    await win.expectSituation('receiving');
  });

  test('by the mouse, as long as the button is held', async ({ page, win }) => {
    await page.getByTestId('interrupt').hover();
    await page.mouse.down();
    await win.expectSituation('talking');
    await expect(page.getByTestId('interrupt')).toBeVisible();
    await page.mouse.up();
    await win.expectSituation('idle');
    await expect(page.getByTestId('interrupt')).toHaveCount(0);
    await win.expectDone('preempt', 'release');
  });

  test('by the space bar on the button', async ({ page, win }) => {
    await page.getByTestId('interrupt').focus();
    await page.keyboard.down('Space');
    await page.keyboard.down('Space');
    await win.expectSituation('talking');
    await page.keyboard.up('Space');
    await win.expectDone('preempt', 'release');
  });

  test('with a button that is whole in the smallest window', async ({ page }) => {
    for (const width of [320, 390, 900]) {
      await page.setViewportSize({ width, height: 640 });
      await expect(page.getByTestId('interrupt')).toBeVisible();
      const box = await page.getByTestId('interrupt').boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
    }
  });

  test('and ends it when the window loses the focus', async ({ page, win }) => {
    await page.getByTestId('interrupt').hover();
    await page.mouse.down();
    await page.evaluate(() => globalThis.dispatchEvent(new Event('blur')));
    await win.expectDone('preempt', 'release');
    await page.mouse.up();
    await win.expectDone('preempt', 'release');
  });
});

test('who talks is told to people who do not see the window', async ({ page, win }) => {
  await win.open('room-idle');
  const spoken = page.getByTestId('spoken');
  await expect(spoken).toHaveText(words.spoken.entered);
  await page.evaluate(() => globalThis.pushtalkMock?.talk('m2'));
  await expect(spoken).toHaveText(/Chloé.? talks\./);
  await page.evaluate(() => globalThis.pushtalkMock?.quiet());
  await expect(spoken).toHaveText(words.spoken.free);
  await win.hold();
  await expect(spoken).toHaveText(words.spoken.onAir);
  await page.mouse.up();
  await expect(spoken).toHaveText(words.spoken.free);
});

test('the level moves the rings only of who is heard', async ({ page, win }) => {
  await win.open('room-receiving');
  const level = (): Promise<string> =>
    win.talk.evaluate((button) => button.parentElement?.style.getPropertyValue('--level') ?? '');
  await page.evaluate(() => globalThis.pushtalkMock?.level(0.9, 0.4));
  expect(await level()).toBe('0.400');
  await page.evaluate(() => globalThis.pushtalkMock?.quiet());
  await win.expectSituation('idle');
  await page.evaluate(() => globalThis.pushtalkMock?.level(0.9, 0.4));
  expect(await level()).toBe('');
});
