import { inspect, type InspectOptions } from 'node:util';
import type { Work } from '../model/work.js';
import type { Cause } from '../model/execution-context.js';
import type { LogEntry } from '../model/log-entry.js';
import { now } from '../timing/real-time.js';

/** What is known about a failure. Each label has one line, or several that are listed below it. */
export type Details = Record<string, string | undefined | readonly string[]>;

/** Builds every message of the harness: a first line that says what is wrong, then the details. */
export function report(headline: string, details: Details = {}): string {
  const lines = Object.entries(details).flatMap(([label, detail]) => {
    if (detail === undefined || detail.length === 0) return [];
    if (typeof detail === 'string') return [`  ${label}: ${detail}`];
    return [`  ${label}:`, ...detail.map((line) => `    ${line.replaceAll('\n', '\n    ')}`)];
  });
  return [headline, ...lines].join('\n');
}

/** Formats a value for messages: on one line, cut after 500 characters. */
export function format(value: unknown): string {
  const text = readable(() => inspectOn(Infinity, value));
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

/** What an app logs or sends may throw when it is read, which must not become a failure of the app. */
export function readable(read: () => string): string {
  try {
    return read();
  } catch {
    return '(it throws when it is looked at)';
  }
}

/** How much of a value is shown by default. */
const SHORT: InspectOptions = { depth: 4, maxStringLength: 200, maxArrayLength: 20 };

/** Formats a value in lines of about `breakLength` characters. */
export function inspectOn(breakLength: number, value: unknown, limits: InspectOptions = SHORT): string {
  const compact = breakLength === Infinity ? true : 3;
  return inspect(legible(value), { ...limits, breakLength, compact });
}

/** A test runner's asymmetric matchers say themselves what they match. */
function legible(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > 4) return value;
  if ('asymmetricMatch' in value) {
    return { [inspect.custom]: () => showMatcher(value) };
  }
  if (Array.isArray(value)) return value.length > 1_000 ? value : value.map((item) => legible(item, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const properties = Object.entries(Object.getOwnPropertyDescriptors(value));
  // `inspect` calls no getters, but a copy would.
  if (properties.some(([, property]) => 'get' in property)) return value;
  const shown = properties.filter(([, { enumerable }]) => enumerable);
  return Object.fromEntries(shown.map(([key, { value: item }]) => [key, legible(item, depth + 1)]));
}

/** Some matchers do not say what they match, but nearly all have a `sample`. */
function showMatcher(value: object): string {
  const matcher = value as { toAsymmetricMatcher?(): string; toString(): string; sample?: unknown };
  if (matcher.toAsymmetricMatcher) return matcher.toAsymmetricMatcher();
  const name = matcher.toString();
  return 'sample' in value ? `${name} ${inspectOn(Infinity, matcher.sample)}` : name;
}

/** Event and arguments: `"said" ('hi', 1)`. */
export function showEvent(event: string, args?: readonly unknown[]): string {
  return args ? `"${event}" (${args.map(format).join(', ')})` : `"${event}"`;
}

/** Leaves out the open result of a handler that is in flight itself. */
export function showWorks(works: readonly Work[]): string[] {
  const isTold = ({ what, client }: Work): boolean =>
    works.some((other) => other.client === client && what === `what the ${other.what} returned`);
  return works.filter((work) => !isTold(work)).map(showWork);
}

function showWork({ what, client, stream, since }: Work): string {
  const whose = client ? ` for ${client}` : '';
  return `${what}${whose}, ${stream ? 'open' : 'running'} for ${Math.round(now() - since)} ms`;
}

/** An error that the server logged: its cause, what was thrown, and where in the user's own code. */
export function showServerError(entry: LogEntry): string[] {
  const thrown = headOf(entry);
  const isTold = textOf(entry).includes(thrown.replace(/^Error: /, ''));
  return [
    `${showLog(entry)}${showBecause(entry.cause)}`,
    ...(isTold ? [] : [`  ${thrown}`]),
    ...ownFrames(stackOf(entry)),
  ];
}

/** `, caused by alice's "say"`. */
export function showBecause(cause: Cause | undefined): string {
  return cause ? `, caused by ${showCause(cause)}` : '';
}

/** `alice's "say"`, `alice's connection`, or `POST /orders`. */
export function showCause({ client, event }: Cause): string {
  if (client === undefined) return event;
  return `${client}'s ${event === 'connection' || event === 'disconnect' ? event : `"${event}"`}`;
}

const MAX_FRAMES = 3;

/**
 * The stack frames in the user's own code. They do not begin with `at`, because a test runner would take them for the
 * place where the test failed.
 */
function ownFrames(stack = ''): string[] {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line) && !/node_modules|\(?node:/.test(line));
  const shown = frames.slice(0, MAX_FRAMES).map((line) => line.replace(/^\s+at /, '  in '));
  return shown.map((line) => line.replace(`${process.cwd()}/`, '').replace('file://', ''));
}

export function showLog(entry: LogEntry): string {
  return `${entry.level} [${entry.context ?? 'no context'}] ${textOf(entry)}`;
}

/**
 * How a test names a message, as code: the whole message or, if it ends with what was thrown, a pattern for that part.
 * The part before it may differ in each run, for example if it has a client's id.
 */
export function showExpectable(entry: LogEntry): string {
  const thrown = headOf(entry).replace(/^[\w.]+: /, '');
  if (!thrown || !textOf(entry).endsWith(`: ${thrown}`)) return format(textOf(entry));
  return `/${thrown.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)}/`;
}

/** The first line of a log entry's stack, or an empty string. */
function headOf({ stack = '' }: LogEntry): string {
  return stack.split('\n')[0]!;
}

/** The stack of a log entry. Nest's loggers pass it after the message, or the message is the error itself. */
export function stackOf({ stack, message }: LogEntry): string | undefined {
  return stack ?? (message instanceof Error ? readable(() => message.stack ?? '') : undefined);
}

/** The message of a log entry as text; for an error, its name and message. */
export function textOf({ message }: LogEntry): string {
  if (message instanceof Error) return readable(() => `${message.name}: ${message.message}`);
  return typeof message === 'string' ? message : format(message);
}

/**
 * Whether a text equals the expected one, or matches the pattern. The pattern's `lastIndex` does not count.
 *
 * @throws TypeError when the expected value is neither
 */
export function isText(expected: string | RegExp, text: string): boolean {
  if (typeof expected === 'string') return text === expected;
  if (expected instanceof RegExp) return text.search(expected) !== -1;
  throw new TypeError(`Expected a text or a pattern to look for; got ${format(expected)}.`);
}
