import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { bytes, count, milliseconds, withDefault } from './option-rules.js';

/** What one connection, and all together, may cost in memory. */
export const memoryOptions = {
  /**
   * How many bytes may wait for a client that reads nothing; a character counts as one byte. For a client that reads,
   * however slowly, more may wait. Volatile events do not wait: Socket.IO drops them while the transport is busy.
   *
   * @default 1048576
   */
  maxBufferedBytes: withDefault(bytes, 1_048_576),

  /**
   * How long a client may read nothing while more than `maxBufferedBytes` wait for it, in milliseconds. It is disconnected
   * after one and a half times as long, with the reason `slow consumer`, since the system reports late what was read.
   *
   * @default 10000
   */
  stallTimeout: withDefault(milliseconds, 10_000),

  /**
   * How many bytes of memory the buffers of all clients together may take: what waits for clients (a text counts three
   * times, a broadcast once), messages that are incomplete or wait for `handleConnection`, and what clients that have
   * gone have still to be sent. Beyond it, clients are disconnected: first those that have read nothing for longest,
   * then those with the largest buffers.
   *
   * @default a quarter of the memory that the process may have: of the limit of its heap or of its container, whichever is less
   */
  maxTotalBufferedBytes: withDefault(bytes, Math.floor(memoryLimit() / 4)),

  /**
   * How deep arrays and objects in a message may be nested. A client that sends a deeper one is disconnected.
   *
   * @default 64
   */
  maxNesting: withDefault(count, 64),
};

/** Strings are in the heap, buffers beside it. Without a container the constraint is 0, or more than there is. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory() || Infinity;
  return Math.min(getHeapStatistics().heap_size_limit, constrained, totalmem());
}
