import type { Connection, Listener } from './connection.js';
import { within } from './within.js';

const PATIENCE = 15_000;

export interface Slice {
  /** The time for which new work is begun is over; only what is under way is waited for. */
  readonly isOver: boolean;
  /** Everything that was begun has been answered. */
  done: () => void;
  lost: Listener['lost'];
}

/**
 * Loads connections for a while, and waits until everything that was begun has been answered.
 *
 * @param begin sets the connections' listeners, and sends the first messages
 * @throws Error when a connection is lost, or answers are still missing 15 s after the end
 */
export async function slice(
  connections: readonly Connection[],
  milliseconds: number,
  begin: (slice: Slice) => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const all = new Promise<void>((done, lost) => {
    const current = { isOver: false, done, lost };
    timer = setTimeout(() => {
      current.isOver = true;
    }, milliseconds);
    begin(current);
  });
  try {
    await within(milliseconds + PATIENCE, 'every message to be answered', all);
  } finally {
    clearTimeout(timer);
    for (const connection of connections) connection.rest();
  }
}
