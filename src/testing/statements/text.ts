/** Whether a text is the one expected, or matches the pattern; a pattern's own position does not count. */
export function isText(expected: string | RegExp, text: string): boolean {
  return typeof expected === 'string' ? text === expected : text.search(expected) !== -1;
}
