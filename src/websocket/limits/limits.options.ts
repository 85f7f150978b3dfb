import { count, isObject } from '../option-rules.js';
import type { Rule } from '../option-rules.js';

/** How often something may happen. */
export interface Rate {
  /** So many at once. */
  burst: number;
  /** So many a second in the long run. */
  perSecond: number;
}

/** How much clients may have of an app; `false` in place of a value lifts that limit. */
export interface Limits {
  /**
   * Connections at a time, on all of the app's servers together. Who comes beyond is answered HTTP 503.
   *
   * @default 20000
   */
  connections?: number | false;

  /**
   * Connections at a time from one address; an IPv6 address counts by its /64. Who comes beyond is answered HTTP 429.
   * Behind a proxy, `trustProxy` says which address counts.
   *
   * @default 500
   */
  connectionsPerAddress?: number | false;

  /**
   * How fast one address may open connections. Who comes beyond is answered HTTP 429.
   *
   * @default { burst: 250, perSecond: 50 }
   */
  connectRate?: Rate | false;

  /** How fast clients may send messages. */
  messageRate?: MessageRates | false;
}

/**
 * How fast clients may send messages. An event beyond is not handled, but answered with the code `RATE_LIMITED`; a client
 * that goes on is disconnected. A large message counts as one more for each 4 KiB. Joining a namespace counts as 20 events from the eleventh of a connection on; how fast those
 * before may be joined is a matter of `connectRate`.
 */
export interface MessageRates {
  /**
   * Of one connection.
   *
   * @default { burst: 2000, perSecond: 1000 }
   */
  perConnection?: Rate | false;

  /**
   * Of all connections from one address.
   *
   * @default { burst: 10000, perSecond: 5000 }
   */
  perAddress?: Rate | false;

  /**
   * Of all connections.
   *
   * @default { burst: 100000, perSecond: 50000 }
   */
  inAll?: Rate | false;
}

/** The limits as the module's parts use them; `undefined` where there is none. */
export interface ResolvedLimits {
  connections: number;
  connectionsPerAddress: number;
  connectRate: Rate | undefined;
  messageRate: { [scope in keyof Required<MessageRates>]: Rate | undefined };
}

/** @returns undefined where all limits are lifted */
export function resolveLimits(limits: Limits | false = {}): ResolvedLimits | undefined {
  if (limits === false) return undefined;
  const { connections, connectionsPerAddress, connectRate, messageRate = {} } = limits;
  const { perConnection, perAddress, inAll } = messageRate || NO_RATES;
  return {
    connections: orElse(connections, 20_000) ?? Infinity,
    connectionsPerAddress: orElse(connectionsPerAddress, 500) ?? Infinity,
    connectRate: orElse(connectRate, { burst: 250, perSecond: 50 }),
    messageRate: {
      perConnection: orElse(perConnection, { burst: 2_000, perSecond: 1_000 }),
      perAddress: orElse(perAddress, { burst: 10_000, perSecond: 5_000 }),
      inAll: orElse(inAll, { burst: 100_000, perSecond: 50_000 }),
    },
  };
}

const NO_RATES: MessageRates = { perConnection: false, perAddress: false, inAll: false };

function orElse<T>(given: T | false | undefined, byDefault: T): T | undefined {
  return given === false ? undefined : (given ?? byDefault);
}

const orFalse = (rule: Rule): Rule => ({
  ...rule,
  expected: `${rule.expected}, or false`,
  accepts: (value) => value === false || rule.accepts(value),
});

const aRate = orFalse({
  expected: '{ burst, perSecond }',
  accepts: isObject,
  fields: { burst: { ...count, required: true }, perSecond: { ...count, required: true } },
});

const messageRates: Record<keyof MessageRates, Rule> = {
  inAll: aRate,
  perAddress: aRate,
  perConnection: aRate,
};

const fields: Record<keyof Limits, Rule> = {
  connections: orFalse(count),
  connectionsPerAddress: orFalse(count),
  connectRate: aRate,
  messageRate: orFalse({
    expected: 'an object such as { perConnection: { burst: 100, perSecond: 50 } }',
    accepts: isObject,
    fields: messageRates,
  }),
};

export const limitsRule = orFalse({
  expected: 'an object such as { connectionsPerAddress: 100 }',
  accepts: isObject,
  fields,
});
