// Takes the pictures of the window from the mock: `npm run pictures -- [FOLDER] [--all]`.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withMock } from './serve.mjs';

const root = join(import.meta.dirname, '..', '..');
const given = process.argv.slice(2).filter((word) => !word.startsWith('--'))[0];
const folder = given ? resolve(process.env.INIT_CWD ?? '.', given) : join(root, 'docs', 'pictures');
const all = process.argv.includes('--all');

const SIZES = { wide: { width: 900, height: 640 }, narrow: { width: 390, height: 760 } };

/** Name of the picture, scene, levels, and what to do before it is taken. */
const pictures = [
  ['home', 'home-recent'],
  ['room-idle', 'room-idle'],
  ['room-talking', 'room-talking', [0.7, 0]],
  ['room-receiving', 'room-receiving', [0, 0.6]],
  ['room-busy', 'room-busy', [0, 0.5]],
  ['invite', 'room-idle', null, (page) => page.getByTestId('invite').click()],
];

async function compare(page) {
  await page.getByRole('button', { name: 'Ben' }).click();
  await page.getByTestId('verify').click();
}

async function pinNeeded(page) {
  await page.getByTestId('name').fill('Dmitri');
  await page.getByTestId('invitation').fill('111-1QP-XY2');
  await page.getByTestId('server').fill('192.168.1.20:7300');
  await page.getByTestId('join').click();
}

/** Some seconds of speech, which end at these levels. */
function speak([own, heard]) {
  for (let at = 1; at <= 48; at++) {
    const now = at === 48 ? 1 : Math.abs(Math.sin(at * 0.9) * Math.sin(at * 0.23));
    globalThis.pushtalkMock.level(own * now, heard * now);
  }
}

const more = [
  ['home-empty', 'home'],
  [
    'home-code',
    'home',
    null,
    async (page) => {
      await page.getByTestId('invitation').fill('7k0 1qp xy2');
      await page.getByTestId('name').fill('Ana');
    },
  ],
  [
    'home-link',
    'home',
    null,
    async (page) => {
      await page
        .getByTestId('invitation')
        .fill('pushtalk://j/1.7K0.MDEyMzQ1Njc4OWFiY2RlZg.BMCoARQchA.dGhpcnR5LXR3byBieXRlcyBvZiBh');
      await page.getByTestId('join').click();
    },
  ],
  ['home-error', 'error-serverUnreachable'],
  ['home-alarm', 'error-wrongCertificate'],
  ['entering-host', 'entering-host'],
  ['entering-join', 'entering-join'],
  ['settings', 'room-idle', null, (page) => page.getByTestId('open-settings').click()],
  ['control', 'room-idle', null, (page) => page.getByTestId('open-control').click()],
  [
    'control-pin',
    'room-idle',
    null,
    async (page) => {
      await page.getByTestId('open-control').click();
      await page.getByRole('radio', { name: 'Only with a PIN as well' }).check();
      await page.getByTestId('door-pin').fill('12');
      await page.getByTestId('door-apply').click();
    },
  ],
  ['person', 'room-idle', null, (page) => page.getByRole('button', { name: 'Ben' }).click()],
  [
    'person-kick',
    'room-hands',
    null,
    async (page) => {
      await page.getByRole('button', { name: 'Ben' }).click();
      await page.getByTestId('kick').click();
    },
  ],
  ['person-guest', 'room-queued', null, (page) => page.getByRole('button', { name: 'Ana' }).click()],
  ['invite-pin', 'room-alldead', null, (page) => page.getByTestId('invite').click()],
  ['compare', 'room-idle', null, compare],
  [
    'compare-differ',
    'room-idle',
    null,
    async (page) => {
      await compare(page);
      await page.getByTestId('differ').click();
    },
  ],
  [
    'compare-numbers',
    'room-idle',
    null,
    async (page) => {
      await compare(page);
      await page.getByRole('radio', { name: 'Numbers' }).check();
    },
  ],
  ['compare-asked', 'room-verifying'],
  ['home-pin', 'home', null, pinNeeded],
  ...[
    'off',
    'nomic',
    'connecting',
    'alone',
    'requesting',
    'countdown',
    'revoked',
    'offline',
    'mismatch',
    'servergone',
    'guest',
    'names',
    'crowd',
    'near',
    'heard',
    'queued',
    'open',
    'openreceiving',
    'opentalking',
    'hands',
    'locked',
    'pin',
    'codedead',
    'apart',
    'hidden',
    'nohost',
  ].map((scene) => [`room-${scene}`, `room-${scene}`]),
];

mkdirSync(folder, { recursive: true });
await withMock(async (browser, address) => {
  for (const theme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      if (size === 'narrow' && !all) continue;
      const context = await browser.newContext({
        viewport,
        reducedMotion: 'reduce',
        deviceScaleFactor: all ? 1 : 2,
      });
      const page = await context.newPage();
      for (const [name, scene, levels, prepare] of all ? [...pictures, ...more] : pictures) {
        await page.goto(`${address}?scene=${scene}&theme=${theme}`);
        await page.locator('h1').waitFor();
        if (levels) await page.evaluate(speak, levels);
        await prepare?.(page);
        const file = size === 'wide' ? `${name}-${theme}.png` : `${name}-${size}-${theme}.png`;
        await page.screenshot({ path: join(folder, file), animations: 'disabled' });
      }
      await context.close();
    }
  }
});
console.log(`pictures in ${folder}`);
