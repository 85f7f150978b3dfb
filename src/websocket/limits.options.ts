import { count, isObject, milliseconds, orFalse, type Rule, type Rules } from './option-rules.js';

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
   * Connections at a time, on all of the app's servers together. Further connections get HTTP 503.
   *
   * @default 20000
   */
  connections?: number | false;

  /**
   * Connections at a time from one address; an IPv6 address counts by its /64. Further connections get HTTP 429.
   * Behind a proxy, `trustProxy` says which address counts.
   *
   * @default 500
   */
  connectionsPerAddress?: number | false;

  /**
   * How fast one address may open connections. Faster ones get HTTP 429.
   *
   * @default { burst: 250, perSecond: 50 }
   */
  connectRate?: Rate | false;

  /**
   * How fast the messages of one connection are read. A connection that sends faster is read later: nothing that it
   * has sent is lost, refused or reordered. Joining a namespace counts as 20 messages.
   *
   * @default { burst: 20000, perSecond: 20000 }
   */
  messageRate?: Rate | false;

  /**
   * How fast the messages of one connection are read, in bytes. A message may be larger than the burst.
   *
   * @default { burst: 50000000, perSecond: 50000000 }
   */
  byteRate?: Rate | false;

  /**
   * How long a connection may send faster than its rates, in milliseconds. It is disconnected then.
   *
   * @default 300000
   */
  maxTimeOverRate?: number | false;
}

const aRate = (burst: number, perSecond = burst): Rule => ({
  ...orFalse({
    expected: '{ burst, perSecond }',
    accepts: isObject,
    fields: { burst: { ...count, required: true }, perSecond: { ...count, required: true } },
  }),
  default: { burst, perSecond },
});

const fields: Rules<Limits> = {
  byteRate: aRate(50_000_000),
  connections: { ...orFalse(count), default: 20_000 },
  connectionsPerAddress: { ...orFalse(count), default: 500 },
  connectRate: aRate(250, 50),
  maxTimeOverRate: { ...orFalse(milliseconds), default: 300_000 },
  messageRate: aRate(20_000),
};

export const limitsRule: Rule = {
  ...orFalse({ expected: 'an object such as { connectionsPerAddress: 100 }', accepts: isObject, fields }),
  default: {},
};
