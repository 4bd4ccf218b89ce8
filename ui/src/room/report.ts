// Numbers of how voices arrive, for people and for a report. Neither names nor codes nor addresses are in a report.
import type { Quality, View } from '../contract';
import { fill, percent, words } from '../words/words';

type Measure = 'mouthToEar' | 'roundTrip' | 'jitter' | 'buffer' | 'loss' | 'concealed' | 'bitrate' | 'keys';

/** Each with its unit; those that are not known yet are left out. */
export function measures(quality: Quality, keys: number): { what: Measure; value: string }[] {
  const ms = (n: number | null): string | null => (n === null ? null : fill(words.connections.ms, { n }));
  const permille = (n: number): string => percent(n / 10);
  const all: [Measure, string | null][] = [
    ['mouthToEar', ms(quality.mouthToEarMs)],
    ['roundTrip', ms(quality.roundTripMs)],
    ['jitter', ms(quality.jitterMs)],
    ['buffer', ms(quality.bufferMs)],
    ['loss', permille(quality.lossPermille)],
    ['concealed', permille(quality.concealedPermille)],
    ['bitrate', fill(words.connections.kilobits, { n: Math.round(quality.bitrate / 1000) })],
    ['keys', String(keys)],
  ];
  return all.flatMap(([what, value]) => (value === null ? [] : [{ what, value }]));
}

/** In English and in the names of the fields, for whoever has to find out what is wrong. */
export function report(view: View, agent: string): string {
  const lines = [`PushTalk ${view.version}`, agent];
  const { stage, preferences } = view;
  lines.push(`audio: ${JSON.stringify(preferences.processing)}, talk ${preferences.talkMode}`);
  if (stage.at === 'room') {
    const { mode, door, microphone, server, serving, hosting, button } = stage;
    lines.push(
      `room: ${JSON.stringify({ mode, door, microphone, server, serving, hosting, button: button.is })}`,
    );
    stage.members
      .filter((member) => !member.me)
      .forEach(({ link, keys, quality }, at) =>
        lines.push(`member ${at + 1}: ${JSON.stringify({ link, keys, ...quality })}`),
      );
  }
  lines.push(`notices: ${view.notices.map(({ code }) => code).join(' ') || 'none'}`);
  return lines.join('\n');
}
