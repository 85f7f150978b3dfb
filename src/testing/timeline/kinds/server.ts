import type { LogLevel } from '@nestjs/common';
import { SURELY_WRONG, type Kinds } from './kind.js';

export type ServerEntry =
  /** The app received an HTTP request. The query is left out, because it may contain secrets. */
  | { kind: 'requested'; method: string; path: string }
  /** A job, a listener for the app's own events, or a microservice's handler began: `ReportJobs.nightly`. */
  | { kind: 'begun'; what: string }
  | { kind: 'logged'; level: LogLevel; context?: string; text: string; params: readonly unknown[]; stack?: string }
  /** A hook of a gateway threw, or rejected its promise. */
  | { kind: 'failed'; client: string; what: string; text: string; stack?: string };

export const server: Kinds<ServerEntry & { cause?: { event?: string } }> = {
  requested: { sentence: ({ method, path }) => `${method} ${path}` },
  begun: { sentence: ({ what }) => `${what} began` },
  logged: {
    sentence: ({ level, context, text }) => `${level} [${context ?? 'no context'}] ${text}`,
    severity: ({ level }) => (level === 'error' || level === 'fatal' ? SURELY_WRONG : 0),
    drawing: (entry, mark) => ({
      over: 'server',
      text: `${mark}${server.logged.sentence(entry)}`,
      farewell: entry.cause?.event === 'disconnect',
    }),
    gist: ({ level, context }) => `${level} [${context ?? 'no context'}] …`,
  },
  failed: {
    sentence: ({ text }) => `✗ ${text}`,
    severity: () => 3,
    drawing: ({ text }) => ({ over: 'client', text: `✗ ${text}` }),
  },
};
