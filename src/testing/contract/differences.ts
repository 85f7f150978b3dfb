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
  const found = [
    list('did not receive', missing),
    list(
      'received once too often',
      extra.filter((event) => known.has(event)),
    ),
    list(
      'should not have received',
      extra.filter((event) => !known.has(event)),
    ),
  ];
  if (missing.length + extra.length === 0) {
    const at = expected.findIndex((event, index) => event !== received[index]);
    if (at >= 0) found.push(`received out of order: ${received[at]} where ${expected[at]} was expected`);
  }
  return found.filter(Boolean).join('; ') || undefined;
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

function list(what: string, events: readonly string[]): string | undefined {
  if (events.length === 0) return undefined;
  const rest = events.length > SHOWN ? ` and ${events.length - SHOWN} more` : '';
  return `${what} ${events.slice(0, SHOWN).join(', ')}${rest}`;
}
