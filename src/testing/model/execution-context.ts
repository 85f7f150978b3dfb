import { AsyncLocalStorage } from 'node:async_hooks';

/** On whose behalf code on the server runs. */
export interface ExecutionContext {
  /** The app that the code belongs to; compared by identity. */
  readonly app: object;
  /** What set the code off; absent while the app boots, and in its own timers. */
  readonly cause?: Cause;
  /** Of a message: its handler is called. @returns what ends it, where it is not a part of what is awaited already */
  readonly onHandler?: () => (() => void) | undefined;
}

/** What a client did, an HTTP request, or a job. */
export interface Cause {
  /** The client's name, or its socket id when the harness did not open it; absent of an HTTP request and of a job. */
  readonly client?: string;
  /**
   * `connection`, `disconnect`, or the name of the event that the client sent; of an HTTP request, `POST /orders`; of a job, its
   * method, `ReportJobs.nightly`.
   */
  readonly event: string;
  /** The `seq` of the timeline's entry for it; absent where there is none, as of a packet that nobody was seen to send. */
  readonly entry?: number;
}

/**
 * Follows each app's code through promises, timers and sockets. An app that boots inside `run` hands the
 * context on to its HTTP server, and with it to every connection that the server accepts.
 */
export const executionContext = new AsyncLocalStorage<ExecutionContext>();
