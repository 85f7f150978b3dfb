import { diffLines } from 'diff';
import { inspectOn } from '../../report/format.js';
import { isPlain, withMatched } from '../equality.js';

/** Where two values differ may be deep within them, or far behind. */
const WHOLE = { depth: 10, maxStringLength: 1_000, maxArrayLength: 10_000 };

/** How many lines of a difference are shown. */
const MAX_LINES = 30;

/** How many lines of each side are compared, and how many that are the same are shown before the first that is not. */
const [MAX_COMPARED, BEFORE] = [200, 10];

/** What was expected and what came, line by line: `- ` is missing, `+ ` is too much. */
export function difference(expected: unknown, actual: unknown): string[] {
  const [wanted, found] = [lines(withMatched(expected, actual, filledUp)), lines(actual)];
  // To compare much that is different takes long, and nobody reads it: what is shown is where it begins.
  let same = 0;
  while (same < found.length && wanted[same] === found[same]) same += 1;
  const start = Math.max(same - BEFORE, 0);
  const text = (side: readonly string[]): string =>
    side
      .slice(start, start + MAX_COMPARED)
      .map((line) => `${line}\n`)
      .join('');
  const changes = diffLines(text(wanted), text(found));
  const all = changes.flatMap(({ value, added, removed }) => {
    const mark = added ? '+ ' : removed ? '- ' : '  ';
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => mark + line);
  });
  const left = Math.max(wanted.length, found.length) - start - MAX_COMPARED;
  const more = Math.max(all.length - MAX_LINES, 0) + Math.max(left, 0);
  return [
    ...(start > 0 ? [`… ${start} lines that are the same`] : []),
    ...all.slice(0, MAX_LINES),
    ...(more > 0 ? [`… ${more} more lines`] : []),
  ];
}

/** The values of a list one below the other, so that a difference shows where it is. */
function lines(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((one) => inspectOn(60, one, WHOLE).split('\n'));
}

/** What `expect.objectContaining(…)` and its like ask for, which is private to them. */
interface Containing {
  readonly sample?: unknown;
  readonly inverse?: boolean;
}

/** Of an object that lacks some of what a matcher asks for: the same with all of that. */
function filledUp(matcher: Containing, actual: unknown): unknown {
  const { sample, inverse } = matcher;
  if (inverse || !isPlain(sample) || !isPlain(actual)) return matcher;
  return { ...actual, ...(withMatched(sample, actual, filledUp) as object) };
}
