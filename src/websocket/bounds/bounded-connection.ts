import type { TokenBucket } from 'limiter';
import type { AddressAccount } from '../limits/addresses.js';
import type { UnreadAnswers } from './unread-answers.js';
import type { Connection, EnginePacket } from '../engine-internals.js';

/** What is counted of one connection. There are many of them: it is kept small. */
export class BoundedConnection {
  /** Bytes of the packet whose attachments have not all come. */
  unfinished = 0;
  /** Bytes that wait until the transport is ready, or have waited before it took them. */
  waiting = 0;
  /** The queue that holds more than may wait, or has held it. */
  overfull: readonly EnginePacket[] | undefined;
  /** Whether a polling client is to be answered with much. */
  awaitsPoll = false;
  /** Of a polling client that was answered with much. */
  unread: UnreadAnswers | undefined;
  /** How many namespaces it has joined, or tried to, for nothing. */
  freeJoins = 0;
  /** Whether Socket.IO is through with it; it may say so twice. */
  hasEnded = false;
  /** What it may send; not made before it has sent something beside the namespaces that it joins. */
  messages: TokenBucket | undefined;
  /** What was taken out of that, and has not been sent yet. */
  advance = 0;
  /** What it may send beyond that, to be refused. */
  refusals: TokenBucket | undefined;

  constructor(
    readonly conn: Connection,
    /** None where nothing is limited. */
    readonly account: AddressAccount | undefined,
  ) {}
}

const BOUNDED = Symbol('bounded connection');

type Marked = Connection & { [BOUNDED]?: BoundedConnection };

export function setBounded(connection: BoundedConnection): void {
  (connection.conn as Marked)[BOUNDED] = connection;
}

/** What is counted of a connection of Engine.IO's; none yet while it is being set up. */
export function boundedOf(conn: Connection): BoundedConnection | undefined {
  return (conn as Marked)[BOUNDED];
}
