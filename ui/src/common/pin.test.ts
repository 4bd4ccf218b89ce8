// What is a PIN, and what is none.
import { expect, it } from 'vitest';
import { pinOf } from './pin';

it.each([
  ['0042', '0042'],
  [' 12 34 ', '1234'],
  ['123456789012', '123456789012'],
  ['٠١٢٣٤٥٦٧٨٩', '0123456789'],
  ['۰۹۸۷', '0987'],
])('%s is a PIN', (text, digits) => {
  expect(pinOf(text)).toBe(digits);
});

it.each(['', '123', '1234567890123', '12a4', '12-34', '１２３４'])('"%s" is none', (text) => {
  expect(pinOf(text)).toBeNull();
});
