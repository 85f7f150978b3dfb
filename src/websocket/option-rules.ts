import type { Type } from '@nestjs/common';
import { redactedUrl } from './redacted-url.js';

/** What an option may be. */
export interface Rule {
  /** For readers: completes "expected ...". */
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** What it is where it is not given. */
  readonly default?: unknown;
  /** The rules of what is in it, where it is an object. */
  readonly fields?: Rules;
  /** Whether it may not be left out of the object that it is in. */
  readonly required?: boolean;
}

/** A rule for each option. */
export type Rules<Options = Record<string, unknown>> = { readonly [Option in keyof Options]-?: Rule };

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

export const aBoolean: Rule = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
export const aFunction: Rule = { expected: 'a function', accepts: (value) => typeof value === 'function' };
export const anObject: Rule = { expected: 'an object', accepts: isObject };
export const switchOrObject: Rule = {
  expected: 'true, false or an object',
  accepts: (value) => typeof value === 'boolean' || isObject(value),
};
export const milliseconds: Rule = { expected: 'a whole number of milliseconds, 1 or more', accepts: isCount };
export const count: Rule = { expected: 'a whole number, 1 or more', accepts: isCount };

export const orFalse = (rule: Rule): Rule => ({
  ...rule,
  expected: `${rule.expected}, or false`,
  accepts: (value) => value === false || rule.accepts(value),
});
export const bytes: Rule = { expected: 'a whole number of bytes, 1 or more', accepts: isCount };

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
  for (const [option, rule] of Object.entries(rules)) {
    // It may be a getter of a class.
    const given: unknown = Reflect.get(options, option);
    const value = given === undefined ? rule.default : given;
    if (value === undefined && !rule.required) continue;
    if (!rule.accepts(value)) throw new WebsocketOptionsError(prefix + option, value, rule.expected);
    const { fields } = rule;
    resolved.set(option, fields && isObject(value) ? resolve(fields, value, `${prefix}${option}.`) : value);
  }
  return Object.fromEntries(resolved);
}

function refuseUnknown(rules: Rules, option: string, value: unknown, prefix: string): void {
  const names = Object.keys(rules).toSorted();
  const likely = likelyName(option, names);
  if (likely) throw new WebsocketOptionsError(prefix + option, value, `the name "${prefix}${likely}"`);
  const known = names.map((name) => prefix + name).join(', ');
  if (prefix) throw new WebsocketOptionsError(prefix + option, value, `one of these names: ${known}`);
}

/** Options of Socket.IO 2 that would be without effect. */
const FORMER_NAMES: Readonly<Record<string, string>> = { origins: 'cors.origin', handlePreflightRequest: 'cors' };

/** The name that was meant, where one is misspelt in one place. */
function likelyName(option: string, names: readonly string[]): string | undefined {
  return Object.hasOwn(FORMER_NAMES, option) ? FORMER_NAMES[option] : names.find((name) => isMisspelt(option, name));
}

/** Whether what is between the same beginning and the same end is a letter or two, or a fifth of a long name. */
function isMisspelt(option: string, name: string): boolean {
  const [one, other] = [option.toLowerCase(), name.toLowerCase()];
  const most = Math.min(one.length, other.length);
  let start = 0;
  while (start < most && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < most - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return Math.max(one.length, other.length) - start - end <= Math.max(2, name.length / 5);
}

export function isClass(value: unknown): value is Type {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function print(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(redactedUrl(value));
  if (isClass(value)) return `class ${value.name}`;
  if (typeof value === 'function') return 'a function';
  if (isObject(value)) return Array.isArray(value) ? `[${value.map(print).join(', ')}]` : 'an object';
  return String(value);
}
