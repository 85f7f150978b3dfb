import { DueQueue } from './due-queue.js';
import type { BoundedConnection } from './bounded-connection.js';
import { answerOf } from './engine-connection.js';
import type { EnginePacket } from './engine-connection.js';
import { UnreadAnswers } from './unread-answers.js';

/** How long more than the bound may wait for a client that takes nothing of it, in milliseconds. */
const PATIENCE = 500;
/**
 * Times the bound: more is never held, whatever the reason. What the app emits in one go waits at first for any client,
 * and is no sign of a slow one.
 */
const AT_MOST = 4;
/** An answer to a poll that is smaller is out of the process at once, whether the client reads it or not. */
const MUCH = 16_384;
/** What a packet takes of memory beside its data. */
const PACKET_OVERHEAD = 100;

/**
 * Bounds what waits for a client: Engine.IO keeps whatever its transport is not ready for. What the transport has taken
 * is not counted, so that one message may be of any size.
 */
export class SlowConsumers {
  private readonly overdue: DueQueue<BoundedConnection>;

  /** @param disconnect called with a client that is too slow */
  constructor(
    private readonly maxBytes: number,
    private readonly disconnect: (connection: BoundedConnection) => void,
  ) {
    this.overdue = new DueQueue(PATIENCE, disconnect);
  }

  /** A packet is about to wait, or to be taken at once. */
  onPacket(connection: BoundedConnection, packet: EnginePacket): void {
    const unread = connection.unread?.overdue ?? 0;
    if (connection.waiting + unread > this.maxBytes * AT_MOST) {
      this.disconnect(connection);
      return;
    }
    connection.waiting += sizeOf(packet) + PACKET_OVERHEAD;
    if (connection.waiting > this.maxBytes) this.overdue.add(connection);
  }

  /** The transport has taken all that waited. */
  onFlush(connection: BoundedConnection): void {
    this.forget(connection);
    const answer = connection.waiting > MUCH ? answerOf(connection.conn) : undefined;
    if (answer) (connection.unread ??= new UnreadAnswers()).add(answer, connection.waiting);
    connection.waiting = 0;
  }

  forget(connection: BoundedConnection): void {
    if (connection.waiting > this.maxBytes) this.overdue.delete(connection);
  }
}

function sizeOf({ data }: EnginePacket): number {
  if (data === undefined) return 0;
  return typeof data === 'string' ? data.length : data.byteLength;
}
