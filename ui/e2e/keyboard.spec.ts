// By keyboard alone: everything is reached, one sees where one is, and dialogs keep the focus and give it back.
import { expect, test, type Window } from './window';

/** All that a Tab can reach in the open dialog, else in the page; of a group of choices the one that is chosen. */
const REACHABLE = (): string[] => {
  const dialogs = [...document.querySelectorAll('dialog[open]')];
  const place = dialogs.at(-1) ?? document.body;
  const all = [
    ...place.querySelectorAll<HTMLElement>('button, input, select, textarea, a[href], [tabindex="0"]'),
  ];
  return all
    .filter((it) => it.checkVisibility() && !it.matches(':disabled') && it.tabIndex >= 0)
    .filter((it) => !(it instanceof HTMLInputElement) || it.type !== 'radio' || it.checked)
    .map((it) => (it.dataset.place ??= `${it.localName} ${it.dataset.testid ?? ''} ${it.textContent}`));
};

/** Where the focus is; null between the end and the beginning. What cannot be seen there is named so. */
const FOCUSED = (): string | null => {
  const at = document.activeElement;
  if (!(at instanceof HTMLElement) || at === document.body) return null;
  const dialogs = [...document.querySelectorAll('dialog[open]')];
  const open = dialogs.at(-1);
  if (at === open) return null;
  if (open && !open.contains(at)) return `outside the dialog: ${at.outerHTML}`;
  const ringed = [at, at.closest('label')].some((it) => {
    if (!it) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(it);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  });
  const { top, bottom } = at.getBoundingClientRect();
  const seen = ringed && bottom > 0 && top < innerHeight;
  return `${seen ? '' : 'unseen: '}${at.dataset.place ?? at.outerHTML}`;
};

/** Presses Tab until it comes round, and compares with all that there is. */
async function walk(win: Window): Promise<void> {
  const { page } = win;
  const wanted = await page.evaluate(REACHABLE);
  expect(wanted.length).toBeGreaterThan(0);
  const reached = new Set<string>();
  for (let step = 0; step < wanted.length * 2 + 4; step++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(FOCUSED);
    if (at === null) continue;
    if (reached.has(at) && reached.size >= wanted.length) break;
    reached.add(at);
  }
  expect([...reached].sort()).toEqual([...new Set(wanted)].sort());
}

for (const scene of [
  'first-run',
  'home',
  'home-nearby',
  'home-recent',
  'room-idle',
  'room-hands',
  'room-alldead',
]) {
  test(`everything is reached by Tab, and seen where it is: ${scene}`, async ({ win }) => {
    await win.open(scene);
    await walk(win);
  });
}

const DIALOGS: [string, string[]][] = [
  ['room-idle', ['invite']],
  ['room-idle', ['open-control']],
  ['room-idle', ['open-settings']],
  ['room-measured', ['open-settings', 'open-connections']],
  ['room-idle', ['open-settings', 'open-privacy']],
];

for (const [scene, openers] of DIALOGS) {
  test(`the focus stays in and comes back: ${openers.join(', ')}`, async ({ page, win }) => {
    await win.open(scene);
    for (const opener of openers) {
      await page.getByTestId(opener).focus();
      await page.keyboard.press('Enter');
      await page.locator('dialog[open]').last().waitFor();
    }
    await walk(win);
    await page.keyboard.press('Escape');
    if (openers.length === 1) await expect(page.getByTestId(openers[0] ?? '')).toBeFocused();
    await expect(page.locator('dialog[open]')).toHaveCount(0);
  });
}

test('the focus stays in and comes back: a member, and what is asked once more', async ({ page, win }) => {
  await win.open('room-hands');
  const ben = page.getByTestId('members').getByRole('button', { name: 'Ben' });
  await ben.focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('kick').focus();
  await page.keyboard.press('Enter');
  await walk(win);
  await page.keyboard.press('Escape');
  await expect(ben).toBeFocused();
});
