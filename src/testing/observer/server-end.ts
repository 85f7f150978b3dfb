import type { Cause } from '../model/execution-context.js';
import type { HookError } from '../report/errors.js';
import type { FenceEnd } from '../socket-io/fence.js';
import type { Recorder } from '../timeline/timeline.js';
import type { Expired } from '../timing/deadline.js';
import type { HandshakeRefusal } from './handshake-refusals.js';
import type { Membership } from './membership.js';
import type { Refusals } from './refused-events.js';

/** What made the server send an event, and when, if that is known. */
export interface Origin {
  readonly cause?: Cause;
  /** See `nextMoment`. */
  readonly sentAt?: number;
}

/** How long a wait may take, in milliseconds, and what aborts it. */
export interface Patience {
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** The server's end of a client's connection to a namespace, in this process or in another one. */
export interface ServerEnd {
  /** Identifies the node that it is on. */
  readonly node: object;
  /** Records in the timeline what happens at that node; `undefined` as long as the node is not known. */
  readonly record: Recorder | undefined;
  readonly connected: boolean;
  /** The timeline entry of its connection. */
  readonly connection: number;
  /** The timeline entry of its disconnection, once it is disconnected. */
  readonly disconnection: number | undefined;
  /** The server's reason for the disconnection. */
  readonly disconnectReason: string | undefined;
  /** What made the server disconnect it, if that is known. */
  readonly disconnectCause: Cause | undefined;
  /** The rooms that it is in and was in, except its own. */
  readonly membership: Membership;
  /** Failures of hooks for this client that are not reported yet. */
  readonly failures: HookError[];
  /** The connection that carries fences. */
  readonly conn: FenceEnd;
  /** Resolves when every `handleConnection` has settled. @returns whether the server has sent something since */
  whenHandled(patience: Patience): Promise<boolean | Expired>;
  /** Resolves when it is disconnected and every `handleDisconnect` has settled. */
  whenLeft(patience: Patience): Promise<true | Expired>;
  /** Resolves when the test knows what the server has done so far; not there in this process, where it always does. */
  caughtUp?(): Promise<void>;
  /** Disconnects it from the server's side. */
  drop(): void;
  /** Records what the client sends. @param entry its entry in the timeline */
  noteSent(event: string, entry: number): void;
  /** Finds the origin of an event that the client has just received, and tells it at once or as soon as it is known. */
  traceReceived(event: string, onKnown: (origin: Origin) => void): void;
  /** Whether connection state recovery has appended this value to the arguments of an event that it keeps. */
  isOffset(value: unknown): boolean;
  /** How many events of this name the server has sent and the client has not received. */
  undelivered(event: string): number;
}

/** What observes the servers to which clients connect. */
export interface ClientObserver {
  readonly refusals: Pick<Refusals, 'has' | 'declare' | 'reasonOf'>;
  /** Failures of hooks that the app does not catch and that are not reported yet. */
  readonly failures: Pick<Set<HookError>, 'delete'>;
  /** Records the client of a connection in a namespace. @returns the function that forgets the connection */
  noteClient(connectionId: string, namespace: string, name: string): () => void;
  /** Makes an open connection one of the test's clients. */
  adopt(socketId: string, name: string): ServerEnd | undefined;
  /** Hands a connection, once, to the client that opened it. */
  claim(socketId: string, connectionId: string): ServerEnd | undefined;
  /** Why the server refused the handshake of this id, if it did. */
  refusalOf(connectId: string): Promise<HandshakeRefusal | undefined>;
}
