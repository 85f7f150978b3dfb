import type { Cause } from '../model/execution-context.js';
import type { Refusal } from '../model/refused-event.js';
import type { Work } from '../model/work.js';
import type { HandshakeRefusal } from '../observer/handshake-refusals.js';
import type { SettleOptions } from '../settle/settle.js';
import type { OffsetKind } from '../socket-io/recovery-offset.js';
import type { Happening } from '../timeline/entry.js';

/** A Socket.IO server of a node: the port that its gateways declare, and where it listens. */
export interface ServerAddress {
  readonly gatewayPort: number;
  readonly url: string;
  readonly path: string;
  /** How the offsets look that connection state recovery appends to events, if it does. */
  readonly offsets: OffsetKind | undefined;
}

/** What an agent reports to the test, in order. Clients have the ids of their sockets as names. */
export type Fact =
  /** The app with the gateways listens. */
  | { readonly fact: 'listening'; readonly url: string; readonly servers: readonly ServerAddress[] }
  /** An app without gateways listens, and is not observed. */
  | { readonly fact: 'no gateways' }
  /** A connection was opened, by a client of this crowd if it is one of a crowd's. */
  | { readonly fact: 'opened'; readonly connection: string; readonly crowd: string | undefined }
  | { readonly fact: 'closed'; readonly connection: string }
  /** A connection has entered a namespace; its entry follows. */
  | { readonly fact: 'socket'; readonly socket: string; readonly connection: string }
  /** An entry for the timeline. `seq` counts the entries of this node. */
  | { readonly fact: 'recorded'; readonly seq: number; readonly happening: Happening; readonly cause?: Cause }
  /** A hook of a gateway has failed. */
  | {
      readonly fact: 'failed';
      readonly socket: string;
      readonly hook: string;
      readonly error: unknown;
      readonly isContained: boolean;
    }
  | { readonly fact: 'refused'; readonly refusal: Omit<Refusal, 'at' | 'moment'> }
  /** A fence of a client has arrived. */
  | { readonly fact: 'fence'; readonly connection: string; readonly id: string };

/** What the test asks an agent, and the answers. */
export interface Questions {
  /** Sends a fence to a client. */
  fence(ask: { readonly connection: string; readonly id: string }): void;
  /** Waits until every `handleConnection` has settled. @returns whether the server has sent something since */
  handled(ask: { readonly socket: string; readonly timeout: number }): boolean | 'expired';
  /** Waits until a client is disconnected and every `handleDisconnect` has settled. */
  left(ask: { readonly socket: string; readonly timeout: number }): true | 'expired';
  /** Disconnects a client. */
  drop(socket: string): void;
  /** Waits until no work is in flight. */
  quiet(ask: Pick<SettleOptions, 'ignoreOpenStreams' | 'awaitTimers'> & { readonly timeout: number }): Quiet;
  /** Answers when the agent has told what happened before. */
  told(ask: undefined): void;
  /** Waits until the other nodes have received what this one has published. */
  crossNodes(ask: undefined): void;
  /** How many nodes this one counts. */
  countNodes(ask: undefined): number;
  namespaces(ask: undefined): readonly string[];
  /** Why the handshake of this id was refused. */
  refusal(ask: string): Omit<HandshakeRefusal, 'req'> | undefined;
}

export interface Quiet {
  /** How often something has moved in this process so far. */
  readonly moves: number;
  /** The work that is in flight; `since` is its age, in milliseconds. */
  readonly pending: readonly Work[];
}
