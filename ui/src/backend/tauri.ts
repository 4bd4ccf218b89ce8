// The backend of the app; the only file that knows Tauri.
import { Channel, invoke, isTauri } from '@tauri-apps/api/core';
import type { Intent, View } from '../contract';
import { readLevels, type Backend, type Levels } from './backend';

/** True inside the app's window. */
export const insideTheApp = isTauri;

export class TauriBackend implements Backend {
  // Messages are sealed one by one on their way out, so two at once could change places: press and release must not.
  #before: Promise<void> = Promise.resolve();

  act(intent: Intent): Promise<void> {
    const sent = this.#before.then(() => invoke<undefined>('act', { intent }));
    this.#before = sent.catch((why: unknown) => {
      console.error('the program refused an intent', why);
    });
    return this.#before;
  }

  async watch(onView: (view: View) => void): Promise<void> {
    const views = new Channel<View>(onView);
    await invoke('watch', { views });
  }

  async small(on: boolean): Promise<void> {
    await invoke('small', { on });
  }

  exportKept(): Promise<string> {
    return invoke<string>('export');
  }

  async levels(onLevels: (levels: Levels) => void): Promise<void> {
    const levels = new Channel<ArrayBuffer | number[]>((message) => {
      const read = readLevels(new Uint8Array(message));
      if (read) onLevels(read);
    });
    await invoke('levels', { levels });
  }
}
