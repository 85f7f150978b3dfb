import type { LogLevel } from '@nestjs/common';
import type { Cause } from './execution-context.js';

/** One call of Nest's logger. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: unknown;
  /** The logger's context, usually the name of the class that logged. */
  readonly context?: string;
  /** What was logged behind the message, without context and stack. */
  readonly params: readonly unknown[];
  /** The stack that went along with an entry of level `error` or `fatal`. */
  readonly stack?: string;
  /** When, in milliseconds since the app began to boot. */
  readonly at: number;
  /** Who caused it, where that is known. */
  readonly cause?: Cause;
  /**
   * Whether the entry is known to come from this app. One that was logged outside of every app, by the
   * test itself or by a client that the apps share, is given to all apps that are alive, and marked `false`.
   */
  readonly attributed: boolean;
}
