// Which system the window runs on: where a setting is found differs.

export type System = 'windows' | 'macos' | 'android' | 'ios' | 'linux';

/** True where there are windows, a tray and a login. */
export const isDesktop = (system: System): boolean => system !== 'android' && system !== 'ios';

/** By what the window's browser calls itself. */
export function systemOf(agent: string): System {
  if (/Android/.test(agent)) return 'android';
  if (/iPhone|iPad/.test(agent)) return 'ios';
  if (/Windows/.test(agent)) return 'windows';
  if (/Mac OS X|Macintosh/.test(agent)) return 'macos';
  return 'linux';
}
