import { DueQueue } from './due-queue.js';
import type { BoundedConnection } from './bounded-connection.js';
import { answerOf, queueOf } from './engine-connection.js';
import type { EnginePacket } from '../engine-internals.js';
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
 * Bounds what waits for a client: Engine.IO queues whatever its transport is not ready for. What the transport has taken
 * is not counted, so that one message may be of any size.
 */
export class SlowConsumers {
  private readonly overdue: DueQueue<BoundedConnection>;

  /** @param disconnect called with a client that is too slow */
  constructor(
    private readonly maxBytes: number,
    private readonly disconnect: (connection: BoundedConnection) => void,
  ) {
    this.overdue = new DueQueue(PATIENCE, (connection) => this.onDue(connection));
  }

  /** A packet is about to be queued, on a connection that is not ready. When the transport takes the queue, there is another. */
  onPacket(connection: BoundedConnection, packet: EnginePacket): void {
    const queue = queueOf(connection.conn);
    if (queue.length === 0) this.empty(connection);
    const unread = connection.unread?.overdue ?? 0;
    if (connection.waiting + unread > this.maxBytes * AT_MOST) {
      this.forget(connection);
      this.disconnect(connection);
      return;
    }
    connection.waiting += sizeOf(packet) + PACKET_OVERHEAD;
    if (connection.waiting > MUCH) this.onMuch(connection, queue);
  }

  /** Keeps nothing of what waits for a client. */
  forget(connection: BoundedConnection): void {
    if (!connection.overfull) return;
    this.overdue.delete(connection);
    connection.overfull = undefined;
  }

  private onMuch(connection: BoundedConnection, queue: readonly EnginePacket[]): void {
    const { conn } = connection;
    if (connection.waiting > this.maxBytes && connection.overfull !== queue) {
      this.forget(connection);
      connection.overfull = queue;
      this.overdue.add(connection);
    }
    if (conn.transport.name === 'polling' && !connection.awaitsPoll) {
      connection.awaitsPoll = true;
      conn.once('flush', () => this.onPoll(connection));
    }
  }

  /** What has waited is about to be answered to a poll. */
  private onPoll(connection: BoundedConnection): void {
    connection.awaitsPoll = false;
    const answer = answerOf(connection.conn);
    if (answer) (connection.unread ??= new UnreadAnswers()).add(answer, connection.waiting);
  }

  private empty(connection: BoundedConnection): void {
    connection.waiting = 0;
    this.forget(connection);
  }

  private onDue(connection: BoundedConnection): void {
    const queue = queueOf(connection.conn);
    const hasTakenIt = connection.overfull !== queue;
    connection.overfull = undefined;
    if (!hasTakenIt) this.disconnect(connection);
  }
}

function sizeOf({ data }: EnginePacket): number {
  if (data === undefined) return 0;
  return typeof data === 'string' ? data.length : data.byteLength;
}
