import type { LogLevel } from '@nestjs/common';
import type { Cause } from './execution-context.js';

/** One call of Nest's logger, or one entry of another logger. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: unknown;
  /** The logger's context, usually the name of the class that logged. */
  readonly context?: string;
  /** What was logged after the message, without context and stack. */
  readonly params: readonly unknown[];
  /** The stack of an entry of level `error` or `fatal`. */
  readonly stack?: string;
  /** When, in milliseconds since the app began to boot. */
  readonly at: number;
  /** What caused it, if that is known. */
  readonly cause?: Cause;
  /**
   * Whether the entry is known to come from this app. An entry from outside of every app, logged by the test itself or
   * by a client that the apps share, goes to all live apps with `false`.
   */
  readonly attributed: boolean;
}
