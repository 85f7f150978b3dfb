import { diffArrays } from 'diff';
import { inspectOn } from '../../report/format.js';
import { isPlain, withMatched } from '../equality.js';

/** The difference may be deep inside the values, or near their end. */
const WHOLE = { depth: 10, maxStringLength: 1_000, maxArrayLength: 10_000 };

/** How many lines of a difference are shown. */
const MAX_LINES = 30;

/** How many lines of each side are compared, and how many equal lines are shown before the first difference. */
const [MAX_COMPARED, BEFORE] = [200, 10];

/** Compares the expected and the actual value line by line: `- ` is missing, `+ ` is too much. */
export function difference(expected: unknown, actual: unknown): string[] {
  const [wanted, found] = [lines(withMatched(expected, actual, filledUp)), lines(actual)];
  // A long difference is slow to compute and nobody reads it, so only its beginning is shown.
  let same = 0;
  while (same < found.length && wanted[same] === found[same]) same += 1;
  const start = Math.max(same - BEFORE, 0);
  const end = start + MAX_COMPARED;
  const all = diffArrays(wanted.slice(start, end), found.slice(start, end)).flatMap(({ value, added, removed }) => {
    const mark = added ? '+ ' : removed ? '- ' : '  ';
    return value.map((line) => mark + line);
  });
  const left = Math.max(wanted.length, found.length) - start - MAX_COMPARED;
  const more = Math.max(all.length - MAX_LINES, 0) + Math.max(left, 0);
  return [
    ...(start > 0 ? [`… ${start} lines that are the same`] : []),
    ...all.slice(0, MAX_LINES),
    ...(more > 0 ? [`… ${more} more lines`] : []),
  ];
}

/** The values of a list, one below the other, so that the position of a difference is visible. */
function lines(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((one) => inspectOn(60, one, WHOLE).split('\n'));
}

/** The private fields of `expect.objectContaining(…)` and similar matchers. */
interface Containing {
  readonly sample?: unknown;
  readonly inverse?: boolean;
}

/** For an object that lacks properties that a matcher requires: the object with all of them. */
function filledUp(matcher: Containing, actual: unknown): unknown {
  const { sample, inverse } = matcher;
  if (inverse || !isPlain(sample) || !isPlain(actual)) return matcher;
  return { ...actual, ...(withMatched(sample, actual, filledUp) as object) };
}
