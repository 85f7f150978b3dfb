import { count, milliseconds, objectOf, orFalse, withDefault, type Filled, type Options } from './option-rules.js';

/** How often something may happen. */
export interface Rate {
  /** So many at once. */
  burst: number;
  /** So many a second in the long run. */
  perSecond: number;
}

function aRate(burst: number, perSecond = burst): Filled<Rate | false> {
  const fields = { burst: { ...count, required: true }, perSecond: { ...count, required: true } };
  return withDefault(orFalse(objectOf<Rate>(fields, '{ burst, perSecond }')), { burst, perSecond });
}

/** How much clients may have of an app; `false` in place of a value lifts that limit. */
export const limits = {
  /**
   * Connections at a time, of all servers of this app together. Further connections get HTTP 503.
   *
   * @default 20000
   */
  connections: withDefault(orFalse(count), 20_000),

  /**
   * Connections at a time from one address; of IPv6, from one /64. Further connections get HTTP 429. Behind a proxy,
   * `trustProxy` decides which address counts.
   *
   * @default 500
   */
  connectionsPerAddress: withDefault(orFalse(count), 500),

  /**
   * How fast one address may open connections. Further ones get HTTP 429.
   *
   * @default { burst: 250, perSecond: 50 }
   */
  connectRate: aRate(250, 50),

  /**
   * How fast the messages of one connection are read. When it sends faster, the server reads it later: no message is
   * lost, refused or reordered. Joining a namespace counts as 20 messages.
   *
   * @default { burst: 20000, perSecond: 20000 }
   */
  messageRate: aRate(20_000),

  /**
   * How fast the messages of one connection are read, in bytes. A single message may be larger than the burst.
   *
   * @default { burst: 50000000, perSecond: 50000000 }
   */
  byteRate: aRate(50_000_000),

  /**
   * How long a connection may send faster than its rates, in milliseconds. After that it is disconnected.
   *
   * @default 300000
   */
  maxTimeOverRate: withDefault(orFalse(milliseconds), 300_000),
};

export interface Limits extends Options<typeof limits> {}
