import type { ClientAssertionContext } from '../client/test-client.js';
import type { LogCapture } from '../observer/log-capture.js';
import type { Timeline } from '../timeline/timeline.js';

/** The part of an app that assertions need. */
export abstract class AppSubject {
  /** @internal */
  abstract readonly context: ClientAssertionContext;

  /** @internal */
  constructor(
    /** What the app logged: by Nest's `Logger`, by pino, or through `logStream`. */
    readonly logs: LogCapture,
    /** Everything that happened, in order, with its cause. In a cluster it covers all nodes. */
    readonly timeline: Timeline,
    /** How long each wait may take, in milliseconds. */
    readonly timeout: number,
  ) {}
}
