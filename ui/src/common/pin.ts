// A PIN as a person types it.

/** The digits of a PIN; none when it is not 4 to 12 of them. Spaces are forgiven, and so are the digits of Arabic. */
export function pinOf(text: string): string | null {
  const digits = text
    .replaceAll(/\s/g, '')
    .replaceAll(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String((digit.codePointAt(0) ?? 0) & 15));
  return /^[0-9]{4,12}$/.test(digits) ? digits : null;
}
