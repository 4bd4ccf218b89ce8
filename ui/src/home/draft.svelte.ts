// What was typed at home, kept while coming in: whoever is turned away need not type it again.

export class Draft {
  name = $state('');
  title = $state('');
  /** Code or link. */
  text = $state('');
  server = $state('');

  /** In a room nothing of the way in is needed any more. */
  forget(): void {
    this.title = '';
    this.text = '';
    this.server = '';
  }
}
