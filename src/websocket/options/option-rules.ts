import type { Type } from '@nestjs/common';
import { redactedUrl } from '../errors/report-error.js';

/** What an option may be, of which type it is then, and what it is where it is not given. */
export interface Rule<Value = unknown> {
  /** For readers: completes "expected ...". */
  readonly expected: string;
  accepts(value: unknown): value is Value;
  readonly default?: unknown;
  /** The rules of what is in it, where it is an object. */
  readonly fields?: Rules;
  /** Whether it may not be left out of the object that it is in. */
  readonly required?: boolean;
}

export type Rules = Readonly<Record<string, Rule>>;

/** A rule of an option that has a default. */
export type Filled<Value> = Rule<Value> & { readonly default: Value };

type ValueOf<R> = R extends Rule<infer Value> ? Value : never;

/** Options as an app gives them: each may be left out. */
export type Options<R extends Rules> = { [Name in keyof R]?: ValueOf<R[Name]> };

/** Options as the module's parts use them: those that have a default are there. */
export type Resolved<R extends Rules> = {
  readonly [Name in keyof R as R[Name] extends { default: unknown } ? Name : never]: ValueOf<R[Name]>;
} & Options<{ [Name in keyof R as R[Name] extends { default: unknown } ? never : Name]: R[Name] }>;

/** An option of `WebsocketModule` that the app cannot be started with. Thrown when the app boots. */
export class WebsocketOptionsError extends Error {
  override readonly name = 'WebsocketOptionsError';

  constructor(
    /** The option's name, as in `redis.url`. */
    readonly option: string,
    /** What stood there. */
    readonly value: unknown,
    /** What may stand there. */
    readonly expected: string,
  ) {
    super(`WebsocketModule: option "${option}" is ${print(value)}; expected ${expected}.`);
  }
}

export const aBoolean = rule<boolean>('true or false', (value) => typeof value === 'boolean');
export const aFunction = rule('a function', (value) => typeof value === 'function');
export const anObject = rule('an object', isObject);
export const switchOrObject = rule(
  'true, false or an object',
  (value) => typeof value === 'boolean' || isObject(value),
);
export const count = rule<number>('a whole number, 1 or more', isCount);
export const bytes = rule<number>('a whole number of bytes, 1 or more', isCount);
export const milliseconds = rule<number>('a whole number of milliseconds, 1 or more', isCount);

export function rule<Value>(expected: string, accepts: (value: unknown) => boolean): Rule<Value> {
  return { expected, accepts: accepts as Rule<Value>['accepts'] };
}

export function withDefault<Value>(of: Rule<Value>, value: Value): Filled<Value> {
  return { ...of, default: value };
}

/** An object of options, each of which may be left out. */
export function objectOf<Given extends object>(fields: Rules, expected: string): Rule<Given> {
  return { ...rule<Given>(expected, isObject), fields };
}

export function oneOf<const Value extends string>(...values: readonly Value[]): Rule<Value> {
  const expected = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(values.map((value) => `"${value}"`));
  return rule(expected, (value) => values.includes(value as Value));
}

export function orFalse<Value>(of: Rule<Value>): Rule<Value | false> {
  return { ...of, ...rule<Value | false>(`${of.expected}, or false`, (value) => value === false || of.accepts(value)) };
}

/**
 * Checks options, and what is in them, and fills in their defaults.
 *
 * @param prefix where they are, as in `redis.`
 * @throws WebsocketOptionsError for the first that is unknown or not of its form. One of Socket.IO's that is unknown here
 * may be one of a later version: it is passed on, unless it looks like another that is misspelt
 */
export function resolve(rules: Rules, options: object, prefix = ''): Record<string, unknown> {
  const resolved = new Map<string, unknown>(Object.entries(options).filter(([, value]) => value !== undefined));
  for (const [option, value] of resolved)
    if (!Object.hasOwn(rules, option)) refuseUnknown(rules, option, value, prefix);
  for (const [option, wanted] of Object.entries(rules)) {
    // It may be a getter of a class.
    const given: unknown = Reflect.get(options, option);
    const value = given === undefined ? wanted.default : given;
    if (value === undefined && !wanted.required) continue;
    if (!wanted.accepts(value)) throw new WebsocketOptionsError(prefix + option, value, wanted.expected);
    const { fields } = wanted;
    resolved.set(option, fields && isObject(value) ? resolve(fields, value, `${prefix}${option}.`) : value);
  }
  return Object.fromEntries(resolved);
}

function refuseUnknown(rules: Rules, option: string, value: unknown, prefix: string): void {
  const names = Object.keys(rules).toSorted();
  // Short names could be anything.
  const nested = names.flatMap((name) =>
    Object.keys(rules[name]!.fields ?? {}).flatMap((inner) => (inner.length < 8 ? [] : [`${name}.${inner}`])),
  );
  const misspelt = [...names, ...nested].find((name) => isMisspelt(option, name.slice(name.indexOf('.') + 1)));
  const likely = Object.hasOwn(FORMER_NAMES, option) ? FORMER_NAMES[option] : misspelt;
  if (likely) throw new WebsocketOptionsError(prefix + option, value, `the name "${prefix}${likely}"`);
  const known = names.map((name) => prefix + name).join(', ');
  if (prefix) throw new WebsocketOptionsError(prefix + option, value, `one of these names: ${known}`);
}

/** Options of Socket.IO 2 that would be without effect. */
const FORMER_NAMES: Readonly<Record<string, string>> = { origins: 'cors.origin', handlePreflightRequest: 'cors' };

/**
 * Whether what is between the same beginning and the same end is a letter or two, or a fifth of a long name; or three
 * quarters of the names are the same, as in `authenticate` for `authentication`.
 */
function isMisspelt(option: string, name: string): boolean {
  const [one, other] = [option.toLowerCase(), name.toLowerCase()];
  const most = Math.min(one.length, other.length);
  let start = 0;
  while (start < most && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < most - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const longest = Math.max(one.length, other.length);
  return longest - start - end <= Math.max(2, name.length / 5) || Math.max(start, end) >= longest * 0.75;
}

export function isClass(value: unknown): value is Type {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function print(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(redactedUrl(value));
  if (isClass(value)) return `class ${value.name}`;
  if (typeof value === 'function') return 'a function';
  if (isObject(value)) return Array.isArray(value) ? `[${value.map(print).join(', ')}]` : 'an object';
  return String(value);
}
