// What was typed at home, kept while coming in: whoever is turned away need not type it again.
import type { Notice } from '../contract';

export class Draft {
  name = $state('');
  title = $state('');
  /** Code or link. */
  text = $state('');
  server = $state('');
  pin = $state('');
  /** A link that the system handed over, until it stands in the form. */
  offered = $state<string | null>(null);
  /** True when the room has turned out to have a PIN. */
  asksPin = $state(false);
  /** The notice that last asked for it. */
  pinAsked = $state<number | null>(null);

  /** What the program says of the PIN. */
  told(notices: Notice[]): void {
    const asking = notices.findLast(({ code }) => code === 'pinNeeded' || code === 'wrongPin');
    if (asking && asking.id !== this.pinAsked) {
      this.asksPin = true;
      this.pinAsked = asking.id;
    }
    if (notices.some(({ code }) => code === 'pinUnneeded')) {
      this.asksPin = false;
      this.pin = '';
    }
  }

  /** In a room nothing of the way in is needed any more. */
  forget(): void {
    this.title = '';
    this.text = '';
    this.server = '';
    this.pin = '';
    this.asksPin = false;
    this.pinAsked = null;
  }
}
