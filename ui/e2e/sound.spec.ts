// What a person chooses about sound: processing, sounds, and how loud each member is.
import { words } from '../src/words/words';
import { expect, test } from './window';

test('each part of the processing is switched by itself', async ({ page, win }) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  await page.getByRole('checkbox', { name: words.processing.noiseSuppression.label }).uncheck();
  await page.getByRole('radio', { name: words.echo.on.label }).check();
  const processing = { highPass: true, noiseSuppression: false, gainControl: true };
  expect(await win.intents()).toEqual([
    { do: 'setProcessing', processing: { ...processing, echoCancelling: 'auto' } },
    { do: 'setProcessing', processing: { ...processing, echoCancelling: 'on' } },
  ]);
});

test('sounds are turned down together and off one by one, and voices while one talks', async ({
  page,
  win,
}) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  await page.getByRole('slider', { name: words.sounds.volume }).fill('25');
  await page.getByRole('checkbox', { name: words.cues.busy.label }).uncheck();
  await page.getByRole('checkbox', { name: words.settings.ducking }).uncheck();
  const cues = {
    volume: 25,
    permit: true,
    busy: true,
    free: true,
    limit: true,
    network: true,
    whisper: true,
  };
  expect(await win.intents()).toEqual([
    { do: 'setCues', cues },
    { do: 'setCues', cues: { ...cues, busy: false } },
    { do: 'setDucking', on: false },
  ]);
});

test('a member is turned up and muted, by keyboard too, and shown as muted', async ({ page, win }) => {
  await win.open('room-idle');
  const ben = page.getByTestId('member').nth(1);
  await ben.getByRole('button').click();
  const volume = page.getByRole('slider', { name: /Volume of .*Ben/ });
  await expect(volume).toHaveAttribute('aria-valuetext', '100%');
  await volume.press('ArrowRight');
  await expect(volume).toHaveAttribute('aria-valuetext', '105%');
  await volume.fill('200');
  await page.getByRole('checkbox', { name: /Mute .*Ben/ }).press('Space');
  await expect(volume).toBeDisabled();
  await page.keyboard.press('Escape');
  await expect(ben).toContainText(words.room.muted);
  expect(await win.intents()).toEqual([
    { do: 'setVolume', id: 'm1', percent: 105 },
    { do: 'setVolume', id: 'm1', percent: 200 },
    { do: 'setMuted', id: 'm1', on: true },
  ]);
});

test('a voice holds the button where that was chosen, from a loudness that is seen in the meter', async ({
  page,
  win,
}) => {
  await win.open('room-idle');
  await page.getByTestId('open-settings').click();
  await page.getByRole('radio', { name: words.talkModes.voice.label }).check();
  await page.getByRole('slider', { name: words.talkMode.threshold }).fill('-30');
  await page.keyboard.press('Escape');
  expect(await win.intents()).toEqual([
    { do: 'setTalkMode', mode: 'voice', threshold: -45 },
    { do: 'setTalkMode', mode: 'voice', threshold: -30 },
  ]);
  await expect(win.talk).toContainText(words.talk.voiceIdle.label);
  const meter = page.getByTestId('microphone').locator('~ * [data-testid="voice-meter"]');
  for (const [own, loud] of [
    [0.45, false],
    [0.55, true],
  ] as const) {
    await page.evaluate((level) => globalThis.pushtalkMock?.level(level, 0), own);
    await expect(meter).toHaveClass(loud ? /loud/ : /^(?!.*loud)/);
  }
});
