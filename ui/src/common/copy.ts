// Copying a text, and what remains when the system does not allow it.

/** What happened: it is in the clipboard, or the text is selected for the person to copy. */
export type Copied = 'copied' | 'selected';

/** Copies what the field shows. */
export async function copy(field: HTMLInputElement | HTMLTextAreaElement): Promise<Copied> {
  try {
    await navigator.clipboard.writeText(field.value);
    return 'copied';
  } catch {
    field.focus();
    field.select();
    return 'selected';
  }
}
