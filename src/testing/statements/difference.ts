import { diffLines } from 'diff';
import { inspectOn } from '../errors.js';
import { withMatched } from './equality.js';

/** How many lines of a difference are shown. */
const MOST_LINES = 30;

/** What was expected and what came, line by line: `- ` is missing, `+ ` is too much. */
export function difference(expected: unknown, actual: unknown): string[] {
  const changes = diffLines(lines(withMatched(expected, actual)), lines(actual));
  const all = changes.flatMap(({ value, added, removed }) => {
    const mark = added ? '+ ' : removed ? '- ' : '  ';
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => mark + line);
  });
  if (all.length <= MOST_LINES) return all;
  return [...all.slice(0, MOST_LINES), `… ${all.length - MOST_LINES} more lines`];
}

/** The values of a list one below the other, so that a difference shows where it is. */
function lines(value: unknown): string {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.map((one) => `${inspectOn(60, one)}\n`).join('');
}
