import type { INestApplication } from '@nestjs/common';
import type { Server, ServerOptions } from '../../websocket/index.js';
import type { Activity } from '../settle/activity.js';
import type { Recorder } from '../timeline/timeline.js';
import type { ArrivalListener } from './observed-socket.js';

/** The app that is observed, and where to note what is seen. */
export interface ObservedApp {
  readonly nest: INestApplication;
  /** The identity under which the app's code runs, see `executionContext`. */
  readonly identity: object;
  readonly activity: Activity;
  readonly record: Recorder;
  /** Whether there are no other nodes that might get what this one emits. */
  readonly isAlone: boolean;
  /** Laid over the options of every Socket.IO server. */
  readonly serverOptions?: Partial<ServerOptions>;
  /** Called with each Socket.IO server before anything is bound to it. */
  readonly onServer?: (server: Server) => void;
  readonly onArrival?: ArrivalListener;
}
