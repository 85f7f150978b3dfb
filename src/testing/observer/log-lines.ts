import type { LogLevel } from '@nestjs/common';

/** An entry as pino and bunyan write it, or winston with its format `json`. */
interface JsonEntry extends Record<string, unknown> {
  level?: number | string;
  msg?: unknown;
  message?: unknown;
  context?: unknown;
  stack?: unknown;
  err?: { stack?: unknown };
}

/** Standard fields of a line, which are not `params`. */
const OF_EVERY_ENTRY = /^(?:level|msg|message|context|stack|time|timestamp|pid|hostname|v)$/;

/** Nest's levels, with their names in other loggers and the numbers of pino and bunyan at which each level starts. */
const LEVELS: readonly (readonly [level: LogLevel, names: RegExp, from: number])[] = [
  ['fatal', /^(?:emerg|alert|crit|fatal)$/i, 60],
  ['error', /^error$/i, 50],
  ['warn', /^warn(?:ing)?$/i, 40],
  ['log', /^(?:info|log)$/i, 30],
  ['debug', /^debug$/i, 20],
  ['verbose', /^(?:trace|verbose|silly)$/i, -Infinity],
];

/** An entry as Nest's logger gets it: parameters, a stack and the context follow the message. */
export interface WrittenEntry {
  readonly level: LogLevel;
  readonly message: unknown;
  readonly rest: readonly unknown[];
}

/**
 * Reads a line that another logger has written as JSON. A line that is not a JSON object becomes the message.
 *
 * @param number the level as a number of pino, if it is known
 */
export function readLine(line: string, number?: number): WrittenEntry {
  const entry = parse(line);
  if (!entry) return { level: 'log', message: line, rest: [] };
  const fields = Object.fromEntries(Object.entries(entry).filter(([field]) => !OF_EVERY_ENTRY.test(field)));
  const rest: unknown[] = Object.keys(fields).length > 0 ? [fields] : [];
  for (const text of [entry.stack ?? entry.err?.stack, entry.context]) if (typeof text === 'string') rest.push(text);
  return { level: levelOf(number ?? entry.level), message: entry.msg ?? entry.message ?? '', rest };
}

function parse(line: string): JsonEntry | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as JsonEntry) : undefined;
  } catch {
    return undefined;
  }
}

function levelOf(level: number | string = ''): LogLevel {
  const found = LEVELS.find(([, names, from]) => (typeof level === 'number' ? level >= from : names.test(level)));
  return found?.[0] ?? 'log';
}
