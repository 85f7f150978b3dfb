import { format } from './format.js';

/**
 * Whether a text equals the expected one, or matches the pattern. The pattern's `lastIndex` does not count.
 *
 * @throws TypeError when the expected value is neither
 */
export function isText(expected: string | RegExp, text: string): boolean {
  if (typeof expected === 'string') return text === expected;
  if (expected instanceof RegExp) return text.search(expected) !== -1;
  throw new TypeError(`Expected a text or a pattern to look for; got ${format(expected)}.`);
}
