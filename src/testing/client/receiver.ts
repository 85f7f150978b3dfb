import type { Inbox } from './inbox.js';

/** A client that can receive events: one of the test's, or one of a crowd. */
export interface Receiver {
  readonly name: string;
  readonly namespace: string;
  readonly inbox: Inbox;
  readonly connected: boolean;
  /** Whether it is disconnected and will not reconnect by itself. */
  readonly isGone: boolean;
  /** Identifies the app or the node that it is or was connected to. */
  readonly node: object | undefined;
  /** Its crowd, in words. */
  readonly crowd?: string;
  /** Whether it was in its namespace, and in the room if one is given. Without a moment: whether it is now. */
  wasIn(moment: number | undefined, room?: string): boolean;
}
