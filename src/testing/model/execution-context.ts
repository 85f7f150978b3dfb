import { AsyncLocalStorage } from 'node:async_hooks';

/** The app and the cause of code that runs on the server. */
export interface ExecutionContext {
  /** The app that the code belongs to; compared by identity. */
  readonly app: object;
  /** What set the code off; absent while the app boots, and in its own timers. */
  readonly cause?: Cause;
  /** For a message: called with its handler. @returns the function that ends the call, if nothing else awaits it */
  readonly onHandler?: () => (() => void) | undefined;
}

/** An action of a client, an HTTP request, or a job. */
export interface Cause {
  /** The client's name, or its socket id if the harness did not open it; absent for an HTTP request and a job. */
  readonly client?: string;
  /**
   * `connection`, `disconnect`, or the name of the event that the client sent; `POST /orders` for an HTTP request; the
   * method for a job, `ReportJobs.nightly`.
   */
  readonly event: string;
  /** The `seq` of its timeline entry; absent if there is none, as for a packet that was not seen being sent. */
  readonly entry?: number;
}

/**
 * Follows each app's code through promises, timers and sockets. An app that boots inside `run` passes the context on to
 * its HTTP server, and so to every connection that the server accepts.
 */
export const executionContext = new AsyncLocalStorage<ExecutionContext>();
