import type { ClientAssertionContext } from '../client/test-client.js';
import type { LogCapture } from '../observer/log-capture.js';
import type { Timeline } from '../timeline/timeline.js';

/** The part of an app that assertions need. */
export abstract class AppSubject {
  abstract readonly logs: LogCapture;
  abstract readonly timeline: Timeline;
  /** In milliseconds. */
  abstract readonly timeout: number;
  /** @internal */
  abstract readonly context: ClientAssertionContext;
}
