// The mock behaves like a room, so that what the window does with it means something.
import { beforeEach, expect, it } from 'vitest';
import type { RoomView, View } from '../contract';
import { readLevels } from './backend';
import { MockBackend } from './mock';
import { invitation, scene, scenes } from './scenes';

let mock: MockBackend;
let seen: View[];

async function begin(name: string, options = {}): Promise<void> {
  mock = new MockBackend(scene(name), options);
  seen = [];
  await mock.watch((view) => seen.push(view));
}

const at = (): RoomView => {
  if (mock.view.stage.at !== 'room') throw new Error('not in a room');
  return mock.view.stage;
};

beforeEach(() => begin('home'));

it('shows the view of now to who begins to watch', () => {
  expect(seen).toEqual([mock.view]);
});

it('hosting goes through the steps into a room where one is alone and the microphone is off', async () => {
  await mock.act({ do: 'host', name: 'Ana', title: 'Hike' });
  expect(seen.flatMap(({ stage }) => (stage.at === 'entering' ? [stage.step] : []))).toEqual([
    'startingServer',
    'connecting',
    'joining',
  ]);
  expect(at()).toMatchObject({ title: 'Hike', hosting: true, microphone: 'off', button: { is: 'audioOff' } });
});

it('people come, are connected and go', async () => {
  await mock.act({ do: 'host', name: 'Ana', title: '' });
  await mock.act({ do: 'enableAudio' });
  expect(at().button.is).toBe('alone');
  mock.come('Ben');
  expect(at().button.is).toBe('connecting');
  mock.connected();
  expect(at().button.is).toBe('idle');
  mock.go('m1');
  expect(at().button.is).toBe('alone');
});

it('a press takes the free floor, and a release frees it', async () => {
  await begin('room-idle');
  await mock.act({ do: 'press' });
  expect(at()).toMatchObject({ button: { is: 'talking' }, floor: { is: 'taken', id: 'm0' } });
  await mock.act({ do: 'release' });
  expect(at()).toMatchObject({ button: { is: 'idle' }, floor: { is: 'idle' } });
});

it('a press while somebody talks is busy, and does not take the floor', async () => {
  await begin('room-idle');
  await mock.act({ do: 'setQueueing', on: false });
  mock.talk('m2');
  expect(at().button).toEqual({ is: 'receiving', id: 'm2' });
  await mock.act({ do: 'press' });
  expect(at().button).toEqual({ is: 'busy', id: 'm2' });
  await mock.act({ do: 'release' });
  expect(at().button).toEqual({ is: 'receiving', id: 'm2' });
});

it('a floor that is granted after the release is not taken', async () => {
  await begin('room-idle', { slow: true });
  await mock.act({ do: 'press' });
  expect(at().button.is).toBe('requesting');
  await mock.act({ do: 'release' });
  mock.grant();
  expect(at().button.is).toBe('idle');
});

it.each([
  ['neither code nor link', null, 'notAnInvitation'],
  ['7K0-1QP-XY2', null, 'serverNeeded'],
  ['7K0-1QP-XY2', 'nowhere:1', 'serverUnreachable'],
  ['000-1QP-XY2', '192.168.1.20:7300', 'wrongCode'],
])('joining by %s at %s ends at home with %s', async (text, server, code) => {
  await mock.act({ do: 'join', name: 'Chloé', text, server, pin: null });
  expect(mock.view.stage.at).toBe('home');
  expect(mock.view.notices.map((notice) => notice.code)).toEqual([code]);
});

it('a press while somebody talks waits in line, and talks when it is its turn', async () => {
  await begin('room-idle');
  mock.talk('m2');
  mock.ahead(1);
  await mock.act({ do: 'press' });
  expect(at().button).toEqual({ is: 'queued', place: 2 });
  mock.ahead(0);
  expect(at().button).toEqual({ is: 'queued', place: 1 });
  mock.quiet();
  expect(at().button.is).toBe('talking');
  await mock.act({ do: 'release' });
  expect(at().button.is).toBe('idle');
});

it('the host talks over others, who are stopped', async () => {
  await begin('room-idle');
  mock.talk('m2');
  await mock.act({ do: 'preempt' });
  expect(at()).toMatchObject({ button: { is: 'talking' }, floor: { id: 'm0' } });
});

it('in an open room several talk', async () => {
  await begin('room-idle');
  await mock.act({ do: 'setMode', mode: 'open' });
  mock.talk('m2');
  await mock.act({ do: 'press' });
  expect(at()).toMatchObject({ button: { is: 'talking' }, floor: { is: 'open', ids: ['m2', 'm0'] } });
  await mock.act({ do: 'release' });
  expect(at()).toMatchObject({ button: { is: 'receiving', id: 'm2' }, floor: { ids: ['m2'] } });
});

it('a locked room shows no invitation, and every change of the door makes a new code', async () => {
  await begin('room-idle');
  const codes = new Set([at().invitation?.code]);
  await mock.act({ do: 'lock', pin: null });
  expect(at()).toMatchObject({ door: 'locked', invitation: null });
  await mock.act({ do: 'lock', pin: '2468' });
  codes.add(at().invitation?.code);
  await mock.act({ do: 'unlock' });
  codes.add(at().invitation?.code);
  mock.guessed();
  expect(at().codeDead).toBe(true);
  await mock.act({ do: 'newCode' });
  codes.add(at().invitation?.code);
  expect([at().codeDead, codes.size]).toEqual([false, 4]);
});

it('removing, handing over, hands and comparing change what is seen of members', async () => {
  await begin('room-idle');
  await mock.act({ do: 'verify', id: 'm1' });
  expect(at().verifying?.code?.emoji.length).toBe(7);
  await mock.act({ do: 'verified', id: 'm1', same: true });
  await mock.act({ do: 'raiseHand', up: true });
  await mock.act({ do: 'handOver', id: 'm1' });
  expect(at().members).toMatchObject([
    { hand: true, host: false },
    { verified: true, host: true },
    { verified: false, host: false },
  ]);
  await mock.act({ do: 'kick', id: 'm2' });
  expect(at().members.length).toBe(2);
});

it.each([
  [null, 'pinNeeded', null],
  ['12', 'badPin', null],
  ['1111', 'wrongPin', '4'],
])('a room with a PIN is not joined with %s', async (pin, code, about) => {
  await mock.act({ do: 'join', name: 'Chloé', text: '111-1QP-XY2', server: 'here:1', pin });
  expect(mock.view.notices).toMatchObject([{ code, about }]);
});

it('answers an inspection with its number', async () => {
  await mock.act({ do: 'inspect', text: ' 7k0 1qp xy2 ', ask: 4 });
  expect(mock.view.stage).toEqual({
    at: 'home',
    inspected: { is: 'code', code: '7K0-1QP-XY2' },
    ask: 4,
    nearby: [],
  });
  await mock.act({ do: 'inspect', text: invitation.link, ask: 5 });
  expect(mock.view.stage).toMatchObject({
    inspected: { is: 'link', nameplate: '7K0', pinned: true },
    ask: 5,
  });
});

it('every scene is a view with a whole QR code', () => {
  for (const name of Object.keys(scenes)) expect(scene(name).version).not.toBe('');
  expect(invitation.qr.modules).toMatch(new RegExp(`^[01]{${invitation.qr.size ** 2}}$`));
});

it('a levels message has two bytes', () => {
  expect(readLevels(new Uint8Array([0, 255]))).toEqual({ own: 0, heard: 1 });
  expect(readLevels(new Uint8Array([1]))).toBeNull();
  expect(readLevels(new Uint8Array([1, 2, 3]))).toBeNull();
});
