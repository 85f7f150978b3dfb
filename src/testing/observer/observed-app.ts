import type { INestApplication } from '@nestjs/common';
import type { Server, ServerOptions, Socket } from '../../websocket/index.js';
import type { HookError } from '../report/errors.js';
import type { Activity } from '../settle/activity.js';
import type { Recorder } from '../timeline/timeline.js';

/** The observed app, and where to record what it does. */
export interface ObservedApp {
  readonly nest: INestApplication;
  /** The object that identifies the app, see `executionContext`. */
  readonly identity: object;
  readonly activity: Activity;
  readonly record: Recorder;
  /** The functions that undo what the observers changed. They run when the app is closed or could not be started. */
  readonly undo: (() => void)[];
  /** Whether no other nodes exist that could receive what this one emits. */
  readonly isAlone: boolean;
  /**
   * Whether the app is in a process of its own, where it fails as without a test. The test's clients are in another
   * process, and have the ids of their sockets as names here.
   */
  readonly isApart?: boolean;
  /** Overrides the options of every Socket.IO server. */
  readonly serverOptions?: Partial<ServerOptions>;
  /** Called with each Socket.IO server before anything is bound to it. */
  readonly onServer?: (server: Server) => void;
  /** Called with each connection to a namespace, before it is recorded. */
  readonly onSocket?: (socket: Socket) => void;
  /** Called with each hook that has failed, and the socket that it was called for. */
  readonly onFailure?: (failure: HookError, socket: Socket) => void;
  readonly onArrival?: ArrivalListener;
}

/** A client's event that the middlewares of `socket.use` have passed on to the handlers. */
export interface Arrival {
  readonly namespace: string;
  readonly event: string;
  readonly asksAck: boolean;
}

export type ArrivalListener = (arrival: Arrival) => void;
