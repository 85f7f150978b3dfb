import { NEST_ITSELF } from '../timeline/routine.js';
import type { LogLevel } from '@nestjs/common';
import type { AppSubject } from './app-subject.js';
import type { TestClient } from '../client/test-client.js';
import { isText, format, showBecause, showCause, showLog, showServerError, textOf } from '../report/format.js';
import type { LogEntry } from '../model/log-entry.js';
import { difference } from './failure-text/difference.js';
import type { About, Assertion, Manner } from './assertion.js';

/** The expected properties of a log entry. Those that are left out do not matter. */
export interface ExpectedLog {
  level?: LogLevel;
  context?: string;
  /** What was logged after the message, without context and stack. */
  params?: readonly unknown[];
  /** The client that caused it, or its name. */
  by?: TestClient | string;
  /** What that client did: the name of an event that it sent, `connection` or `disconnect`. */
  event?: string;
}

/** How many entries a failure lists. */
const MAX = 10;

/** Asserts that an app logs this message, or one that matches the pattern. */
export function logs(
  app: AppSubject,
  message: string | RegExp,
  expected: ExpectedLog,
  { equals, since }: Manner,
): Assertion<LogEntry> {
  const client = typeof expected.by === 'object' ? expected.by : undefined;
  const by = client?.name ?? (expected.by as string | undefined);
  const isIt = (entry: LogEntry): boolean =>
    isText(message, textOf(entry)) &&
    (expected.level === undefined || entry.level === expected.level) &&
    (expected.context === undefined || entry.context === expected.context) &&
    (by === undefined || entry.cause?.client === by) &&
    (!client || isCausedBy(client, entry)) &&
    (expected.event === undefined || entry.cause?.event === expected.event) &&
    (expected.params === undefined || equals(entry.params, expected.params));
  const wanted = [
    'log',
    expected.level,
    expected.context && `[${expected.context}]`,
    format(message),
    expected.params && `with ${format(expected.params)}`,
    showBy(by, expected.event),
  ];
  /** For an entry with the expected text: where it differs, or that its parameters match. */
  const compared = ({ level, context, params }: LogEntry): string[] => {
    const lines: string[] = [];
    if (expected.level !== undefined && level !== expected.level)
      lines.push(`  at level "${level}", and not "${expected.level}"`);
    if (expected.context !== undefined && context !== expected.context) lines.push('  in another context');
    if (expected.params === undefined) return lines;
    if (equals(params, expected.params)) return [...lines, '  with the parameters expected'];
    return [...lines, ...difference(expected.params, params).map((line) => `  ${line}`)];
  };
  const entries = (): readonly LogEntry[] => app.logs.since(Math.max(since, app.context.since()));
  return {
    ...aboutApp(app),
    wanted: wanted.filter(Boolean).join(' '),
    look: () => entries().find(isIt),
    take: (found) => app.logs.declare(found),
    describe: (found) => [showWithCause(found)],
    instead: () => {
      const near = entries().filter((entry) => isText(message, textOf(entry)));
      const told =
        near.length > 0 ? near : entries().filter((entry) => entry.cause ?? !NEST_ITSELF.has(entry.context ?? ''));
      const why = near.length > 0 ? compared : (): string[] => [];
      return told.slice(-MAX).flatMap((entry) => [`it logged ${showWithCause(entry)}`, ...why(entry)]);
    },
  };
}

/** Checks the timeline entry of the cause, because another client may have the same name, also in another namespace. */
function isCausedBy(client: TestClient, { cause }: LogEntry): boolean {
  const entry = client.context.timeline.entries.find(({ seq }) => seq === cause?.entry);
  if (!entry) return true;
  const isIn = entry.kind === 'sent' && entry.namespace === client.namespace;
  return client.connection.traffic.serverEnds.some(
    ({ connection, disconnection = Infinity }) =>
      entry.seq === connection ||
      entry.seq === disconnection ||
      (isIn && connection < entry.seq && entry.seq < disconnection),
  );
}

function showBy(client: string | undefined, event: string | undefined): string | undefined {
  if (event !== undefined) return `caused by ${showCause({ client: client ?? 'somebody', event })}`;
  return client && `caused by ${client}`;
}

/** Asserts that an app logs, at level `error` or `fatal`, something that is not declared as expected. */
export function logsErrors(app: AppSubject, since: number): Assertion<readonly LogEntry[]> {
  return {
    ...aboutApp(app),
    wanted: 'log errors',
    look: () => {
      const found = app.logs.undeclaredErrors(Math.max(since, app.context.since()));
      return found.length > 0 ? found : undefined;
    },
    take: (found) => found.forEach((entry) => app.logs.declare(entry)),
    describe: (found) => found.flatMap(showServerError),
  };
}

function aboutApp({ context, timeout }: AppSubject): About {
  return { context, clients: [], subject: 'the app', timeout, signal: context.signal };
}

function showWithCause(entry: LogEntry): string {
  return `${showLog(entry)}${showBecause(entry.cause)}`;
}
