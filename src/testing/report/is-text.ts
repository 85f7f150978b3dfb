import { format } from './format.js';

/**
 * Whether a text is the one expected, or matches the pattern; a pattern's own position does not count.
 *
 * @throws TypeError when what is expected is neither
 */
export function isText(expected: string | RegExp, text: string): boolean {
  if (typeof expected === 'string') return text === expected;
  if (expected instanceof RegExp) return text.search(expected) !== -1;
  throw new TypeError(`Expected a text or a pattern to look for; got ${format(expected)}.`);
}
