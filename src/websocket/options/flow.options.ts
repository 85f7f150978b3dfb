import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { bytes, count, milliseconds, withDefault } from './option-rules.js';

/** What one connection, and all together, may cost in memory. */
export const flowOptions = {
  /**
   * How many bytes may wait for a client that takes nothing of them; a character counts as one. A client that reads,
   * however slowly, may have any number of bytes waiting. Volatile events do not wait: Socket.IO drops them while the
   * transport is busy.
   *
   * @default 1048576
   */
  maxBufferedBytes: withDefault(bytes, 1_048_576),

  /**
   * How long a client may take nothing while more than `maxBufferedBytes` wait for it, in milliseconds. It is disconnected
   * then, with the reason `slow consumer`.
   *
   * @default 10000
   */
  stallTimeout: withDefault(milliseconds, 10_000),

  /**
   * How many bytes of memory may be kept for all clients together: what waits for them, of which a text is there three times
   * and a broadcast counts once, and messages that have not come whole or wait for `handleConnection`. What a client that is
   * gone has still to be sent counts too. Beyond it the clients are disconnected that have taken nothing for longest, and
   * then those for which most waits.
   *
   * @default a quarter of the memory that the process may have: of its heap's limit or of its container, whichever is less
   */
  maxTotalBufferedBytes: withDefault(bytes, Math.floor(memoryLimit() / 4)),

  /**
   * How deep arrays and objects in a message may be nested. A client that sends one that is deeper is disconnected.
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
