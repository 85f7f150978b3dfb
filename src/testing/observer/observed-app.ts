import type { INestApplication } from '@nestjs/common';
import type { Server, ServerOptions } from '../../websocket/index.js';
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
  /** Overrides the options of every Socket.IO server. */
  readonly serverOptions?: Partial<ServerOptions>;
  /** Called with each Socket.IO server before anything is bound to it. */
  readonly onServer?: (server: Server) => void;
  readonly onArrival?: ArrivalListener;
}

/** A client's event that the middlewares of `socket.use` have passed on to the handlers. */
export interface Arrival {
  readonly namespace: string;
  readonly event: string;
  readonly asksAck: boolean;
}

export type ArrivalListener = (arrival: Arrival) => void;
