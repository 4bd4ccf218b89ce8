// Takes the pictures of the window from the mock: `npm run pictures -- [FOLDER] [--all]`.
// With `--all`, every screen in light and dark, English and Arabic, at the width of a desktop and of a phone.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withMock } from './serve.mjs';

const root = join(import.meta.dirname, '..', '..');
const given = process.argv.slice(2).filter((word) => !word.startsWith('--'))[0];
const folder = given ? resolve(process.env.INIT_CWD ?? '.', given) : join(root, 'docs', 'pictures');
const all = process.argv.includes('--all');

const WIDE = { width: 900, height: 640 };
const SIZES = all ? { wide: WIDE, narrow: { width: 390, height: 760 } } : { wide: WIDE };
const LANGUAGES = all ? ['en', 'ar'] : ['en'];
const CORNER = { width: 280, height: 320 };
const LINK = 'pushtalk://j/1.7K0.MDEyMzQ1Njc4OWFiY2RlZg.BMCoARQchA.dGhpcnR5LXR3byBieXRlcyBvZiBh';

/** Name of the picture, scene, levels, and what to do before it is taken. */
const pictures = [
  ['home', 'home-recent'],
  ['room-idle', 'room-idle'],
  ['room-talking', 'room-talking', [0.7, 0]],
  ['room-receiving', 'room-receiving', [0, 0.6]],
  ['room-busy', 'room-busy', [0, 0.5]],
  ['invite', 'room-idle', null, press('invite')],
];

const more = [
  ['first-1', 'first-run'],
  ['first-2', 'first-run', null, press('first-next')],
  ['first-3', 'first-run', null, press('first-next', 'first-next')],
  ['home-empty', 'home'],
  ['home-nearby', 'home-nearby'],
  ['home-by-address', 'home-by-address', null, typed('7k0 1qp xy2')],
  ['home-code', 'home', null, typed('7k0 1qp xy2')],
  ['home-link', 'home', null, typed(LINK)],
  ['home-wrong', 'home', null, typed('hello there')],
  ['home-offered', 'home', null, offered],
  ['home-error', 'error-serverUnreachable'],
  ['home-alarm', 'error-wrongCertificate'],
  ['home-pin', 'home', null, pinNeeded],
  ['home-settings', 'home', null, press('open-settings')],
  ['entering-host', 'entering-host'],
  ['entering-join', 'entering-join'],
  ['settings', 'room-idle', null, press('open-settings')],
  ['settings-end', 'room-idle', null, steps(press('open-settings'), toEnd)],
  ['settings-voice', 'room-voice', null, steps(press('open-settings'), seen('voice-threshold'))],
  ['connections', 'room-measured', null, press('open-settings', 'open-connections')],
  ['privacy', 'room-idle', null, press('open-settings', 'open-privacy')],
  ['privacy-end', 'room-idle', null, steps(press('open-settings', 'open-privacy'), toEnd)],
  ['erase', 'room-idle', null, press('open-settings', 'open-privacy', 'erase')],
  ['control', 'room-idle', null, press('open-control')],
  ['control-end', 'room-idle', null, steps(press('open-control'), toEnd)],
  ['control-pin', 'room-idle', null, steps(press('open-control'), chosenPin)],
  ['person', 'room-idle', null, person('Ben')],
  ['person-kick', 'room-hands', null, steps(person('Ben'), press('kick'))],
  ['person-hand-over', 'room-idle', null, steps(person('Ben'), press('hand-over'))],
  ['person-guest', 'room-queued', null, person('Ana')],
  ['person-block', 'room-idle', null, steps(person('Ben'), press('block'))],
  ['invite-pin', 'room-alldead', null, press('invite')],
  ['offered', 'room-idle', null, offered],
  ['compare', 'room-idle', null, steps(person('Ben'), press('verify'))],
  ['compare-differ', 'room-idle', null, steps(person('Ben'), press('verify', 'differ'))],
  ['compare-numbers', 'room-idle', null, steps(person('Ben'), press('verify'), asNumbers)],
  ['compare-waiting', 'room-idle', null, steps(person('Ben'), press('verify'), withoutCode)],
  ['compare-asked', 'room-verifying'],
  ['small', 'room-receiving', [0, 0.6], steps(press('small'), (page) => page.setViewportSize(CORNER))],
  ...[
    'off',
    'nomic',
    'standby',
    'silentmic',
    'connecting',
    'alone',
    'voice',
    'deafened',
    'blocked',
    'requesting',
    'countdown',
    'revoked',
    'offline',
    'reconnecting',
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

/** Does one after the other. */
function steps(...every) {
  return async (page) => {
    for (const step of every) await step(page);
  };
}

function press(...ids) {
  return async (page) => {
    for (const id of ids) await page.getByTestId(id).click();
  };
}

function typed(invitation) {
  return async (page) => {
    await page.getByTestId('name').fill('Ana');
    await page.getByTestId('invitation').fill(invitation);
  };
}

/** As long as the other device has not answered. */
function withoutCode(page) {
  return page.evaluate(() => globalThis.pushtalkMock.ask('m1'));
}

function seen(id) {
  return (page) => page.getByTestId(id).scrollIntoViewIfNeeded();
}

function person(name) {
  return (page) => page.getByTestId('members').getByRole('button', { name }).click();
}

function asNumbers(page) {
  return page.locator('[data-testid=compare] input[type=radio]').last().check();
}

async function pinNeeded(page) {
  await typed('111-1QP-XY2')(page);
  await page.getByTestId('server').fill('192.168.1.20:7300');
  await page.getByTestId('join').click();
}

async function chosenPin(page) {
  await page.locator('input[value=pin]').check();
  await page.getByTestId('door-pin').fill('12');
  await page.getByTestId('door-apply').click();
}

function offered(page) {
  return page.evaluate((link) => globalThis.pushtalkMock.offer(link), LINK);
}

/** To the end of whatever is longer than its place. */
function toEnd(page) {
  return page.evaluate(() => {
    for (const it of document.querySelectorAll('dialog[open], dialog[open] *'))
      it.scrollTop = it.scrollHeight;
  });
}

/** Some seconds of speech, which end at these levels. */
function speak([own, heard]) {
  for (let at = 1; at <= 48; at++) {
    const now = at === 48 ? 1 : Math.abs(Math.sin(at * 0.9) * Math.sin(at * 0.23));
    globalThis.pushtalkMock.level(own * now, heard * now);
  }
}

mkdirSync(folder, { recursive: true });
await withMock(async (browser, address) => {
  for (const theme of ['light', 'dark']) {
    for (const language of LANGUAGES) {
      for (const [size, viewport] of Object.entries(SIZES)) {
        const context = await browser.newContext({
          viewport,
          reducedMotion: 'reduce',
          deviceScaleFactor: all ? 1 : 2,
        });
        const page = await context.newPage();
        page.setDefaultTimeout(10_000);
        for (const [name, scene, levels, prepare] of all ? [...pictures, ...more] : pictures) {
          await page.setViewportSize(viewport);
          await page.goto(`${address}?scene=${scene}&theme=${theme}&lang=${language}`);
          await page.locator('h1').waitFor();
          if (levels) await page.evaluate(speak, levels);
          await prepare?.(page);
          const kind = all ? `${language}-${size}-${theme}` : theme;
          await page.screenshot({ path: join(folder, `${name}-${kind}.png`), animations: 'disabled' });
        }
        await context.close();
      }
    }
  }
});
console.log(`pictures in ${folder}`);
