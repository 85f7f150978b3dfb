import { isDeepStrictEqual } from 'node:util';
import type { LogLevel } from '@nestjs/common';
import { EXPIRED } from './settle/deadline.js';
import { ConnectionRefusedError, report, show, showEvent, showLog, textOf } from './errors.js';
import { payloadOf } from './app/inbox.js';
import type { ReceivedEvent } from './app/inbox.js';
import type { LogEntry } from './observer/log-capture.js';
import type { TestApp } from './app/test-app.js';
import { GONE } from './app/test-client.js';
import type { TestClient } from './app/test-client.js';

/*
 * What the matchers state, without a test runner: each function tells whether the statement holds, and what to say
 * when it was expected to be otherwise. A negated one settles the app first, so that its answer is final.
 */

/** The outcome of a statement. */
export interface Verdict {
  /** Whether it holds. */
  readonly pass: boolean;
  /** Why the expectation failed. */
  message(): string;
}

/** Whether a text is the one expected, or matches the pattern; a pattern's own position does not count. */
function isText(expected: string | RegExp, text: string): boolean {
  return typeof expected === 'string' ? text === expected : text.search(expected) !== -1;
}

/** Whether two values are equal; test runners bring their own, which know asymmetric matchers. */
export type Equals = (actual: unknown, expected: unknown) => boolean;

/** States that a client receives an event, with these arguments when any are given. Takes the event. */
export async function receives(
  client: TestClient,
  [event, ...args]: readonly [event: string, ...args: unknown[]],
  { negated = false, equals = isDeepStrictEqual }: { negated?: boolean; equals?: Equals } = {},
): Promise<Verdict> {
  const wanted = args.length > 0 ? showEvent(event, args) : showEvent(event);
  const matches = (received: ReceivedEvent): boolean =>
    received.event === event && (args.length === 0 || equals(payloadOf(received), args));

  if (negated) {
    if (client.connected) await client.settle();
    const found = client.inbox.find(matches);
    if (found) {
      const text = `${client.name} was not to receive ${wanted}, but did: ${showEvent(event, payloadOf(found))}.`;
      return { pass: true, message: () => report(text) };
    }
    if (!client.connected) {
      const text = `${client.name} was not to receive ${wanted}, but its silence proves nothing: it is gone (${client.disconnectReason ?? 'never connected'}).`;
      return { pass: true, message: () => report(text) };
    }
    return { pass: false, message: () => '' };
  }

  const received = await client.take(matches);
  if (received !== EXPIRED && received !== GONE) return { pass: true, message: () => '' };
  const why =
    received === GONE
      ? `and cannot any more: it is gone (${client.disconnectReason ?? 'never connected'})`
      : `within ${client.timeout} ms`;
  const text = report(`${client.name} did not receive ${wanted} ${why}.`, client.circumstances());
  return { pass: false, message: () => text };
}

/** What a log entry is expected to have. */
export interface ExpectedLog {
  level?: LogLevel;
  context?: string;
}

/** States that an app logged a message: the text itself, or one that matches the pattern. */
export async function hasLogged(
  app: TestApp,
  text: string | RegExp,
  { level, context }: ExpectedLog = {},
  { negated = false, since = 0 } = {},
): Promise<Verdict> {
  const matches = (entry: LogEntry): boolean =>
    (level === undefined || entry.level === level) &&
    (context === undefined || entry.context === context) &&
    isText(text, textOf(entry));
  const find = (): LogEntry | undefined => app.logs.since(since).find(matches);
  const wanted = [level, context && `[${context}]`, show(text)].filter(Boolean).join(' ');

  if (negated) {
    await app.settle();
    const found = find();
    const message = report(`The app was not to log ${wanted}, but did: ${found ? showLog(found) : ''}.`);
    return { pass: found !== undefined, message: () => message };
  }
  if ((await app.activity.until(find, app.timeout)) !== EXPIRED) return { pass: true, message: () => '' };
  const logged = app.logs.since(since).slice(-10).map(showLog);
  const message = report(`The app did not log ${wanted} within ${app.timeout} ms.`, {
    'it logged': logged.length > 0 ? logged : 'nothing',
  });
  return { pass: false, message: () => message };
}

/** States that the server does not let a client in: for this reason, when one is given. */
export async function isRefused(connecting: unknown, reason?: string | RegExp): Promise<Verdict> {
  const wanted = reason === undefined ? '' : ` for ${show(reason)}`;
  let client: unknown;
  try {
    client = await connecting;
  } catch (error) {
    if (!(error instanceof ConnectionRefusedError)) throw error;
    const matches = reason === undefined || isText(reason, error.reason);
    const not = matches ? 'not to be refused' : 'to be refused';
    const message = report(`The client was expected ${not}${wanted}.`, { 'what happened': error.message });
    return { pass: matches, message: () => message };
  }
  const name = (client as TestClient | undefined)?.name ?? show(client);
  return {
    pass: false,
    message: () => report(`${name} was expected to be refused${wanted}, but was let in.`),
  };
}
