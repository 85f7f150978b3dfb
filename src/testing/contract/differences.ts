/** How many events a line of a failure shows. */
const SHOWN = 5;

/**
 * Compares what a client received with what it should have received.
 *
 * @returns what is wrong, or `undefined`
 */
export function differences(expected: readonly string[], received: readonly string[]): string | undefined {
  const missing = subtract(expected, received);
  const extra = subtract(received, expected);
  const known = new Set(expected);
  const found = [];
  const repeated = extra.filter((event) => known.has(event));
  const foreign = extra.filter((event) => !known.has(event));
  if (missing.length > 0) found.push(`did not receive ${list(missing)}`);
  if (repeated.length > 0) found.push(`received ${list(repeated)} too often`);
  if (foreign.length > 0) found.push(`should not have received ${list(foreign)}`);
  if (missing.length + extra.length === 0) {
    const at = expected.findIndex((event, index) => event !== received[index]);
    if (at >= 0) found.push(`received out of order: ${received[at]} where ${expected[at]} was expected`);
  }
  return found.join('; ') || undefined;
}

/** What is in one list more often than in the other. */
function subtract(from: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1);
  return from.filter((one) => {
    const count = counts.get(one) ?? 0;
    counts.set(one, count - 1);
    return count <= 0;
  });
}

function list(events: readonly string[]): string {
  const rest = events.length > SHOWN ? ` and ${events.length - SHOWN} more` : '';
  return `${events.slice(0, SHOWN).join(', ')}${rest}`;
}
