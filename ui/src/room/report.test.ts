import { describe, expect, it } from 'vitest';
import { scenes } from '../backend/scenes';
import type { View } from '../contract';
import { report } from './report';

describe('a report', () => {
  it('has the numbers, and no name, code, address or device', () => {
    const view = (scenes['room-measured'] as () => View)();
    view.preferences.input = 'Microphone of Ana';
    const text = report(view, 'agent');
    expect(text).toContain('"mouthToEarMs":48');
    expect(text).toContain('member 2: {"link":"ready","keys":2}');
    if (view.stage.at !== 'room' || !view.stage.invitation) throw new Error('no room');
    const { invitation, members, title } = view.stage;
    const secret = [
      title,
      invitation.link,
      invitation.code,
      ...invitation.servers,
      ...members.map(({ name }) => name),
      ...members.map(({ id }) => `"${id}"`),
      ...view.contacts.map(({ address }) => address),
      'Microphone of',
    ];
    for (const word of secret) expect(text).not.toContain(word);
  });
});
