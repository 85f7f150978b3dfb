import { Writable } from 'node:stream';
import type { LogLevel } from '@nestjs/common';
import { takeEntry } from './log-capture.js';

/** What pino and bunyan, or winston with its format `json`, write of an entry. */
interface JsonEntry extends Record<string, unknown> {
  level?: number | string;
  msg?: unknown;
  message?: unknown;
  context?: unknown;
  stack?: unknown;
  err?: { stack?: unknown };
}

/** What every entry has, and no test asks for. */
const OF_EVERY_ENTRY = new Set([
  'level',
  'msg',
  'message',
  'context',
  'stack',
  'time',
  'timestamp',
  'pid',
  'hostname',
  'v',
]);

const LEVELS: Readonly<Record<string, LogLevel>> = {
  emerg: 'fatal',
  alert: 'fatal',
  crit: 'fatal',
  fatal: 'fatal',
  error: 'error',
  warn: 'warn',
  warning: 'warn',
  debug: 'debug',
  trace: 'verbose',
  verbose: 'verbose',
  silly: 'verbose',
};

/** The numbers of pino and bunyan from which on a level begins. */
const NUMBERS: readonly (readonly [number, LogLevel])[] = [
  [60, 'fatal'],
  [50, 'error'],
  [40, 'warn'],
  [30, 'log'],
  [20, 'debug'],
];

/**
 * A stream for loggers that are not Nest's. What they write to it, a line of JSON for each entry, is in `app.logs` as what
 * Nest's `Logger` is given: `toHaveLogged` sees it, and `errorLogs`. Fields other than message, context and stack are
 * `params`; a line that is no JSON is a message.
 *
 * @example
 * ```ts
 * override: (builder) => builder.overrideProvider(LOGGER).useValue(pino(logStream())),
 * ```
 */
export function logStream(): Writable {
  let rest = '';
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') takeLine(line);
      done();
    },
  });
}

function takeLine(line: string): void {
  const entry = parse(line);
  if (!entry) return takeEntry('log', line, []);
  const fields = Object.fromEntries(Object.entries(entry).filter(([field]) => !OF_EVERY_ENTRY.has(field)));
  const params: unknown[] = Object.keys(fields).length > 0 ? [fields] : [];
  for (const text of [entry.stack ?? entry.err?.stack, entry.context]) if (typeof text === 'string') params.push(text);
  takeEntry(levelOf(entry.level), entry.msg ?? entry.message ?? '', params);
}

function parse(line: string): JsonEntry | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as JsonEntry) : undefined;
  } catch {
    return undefined;
  }
}

function levelOf(level: number | string | undefined): LogLevel {
  if (typeof level === 'number') return NUMBERS.find(([from]) => level >= from)?.[1] ?? 'verbose';
  return LEVELS[level?.toLowerCase() ?? ''] ?? 'log';
}
