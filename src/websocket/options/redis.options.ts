import { isObject, milliseconds, rule, withDefault, type Options } from './option-rules.js';

/** What the kit needs of a Redis client; the clients of `redis` and of `ioredis` have it. */
export interface RedisClient {
  duplicate(): RedisClient;
  // oxlint-disable-next-line typescript/no-explicit-any -- each client types its events its own way
  on(event: string, listener: (...args: any[]) => void): unknown;
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  off(event: string, listener: (...args: any[]) => void): unknown;
}

const fields = {
  /**
   * Where Redis is, as `redis://[user:password@]host[:port][/database]`. The module opens and closes the clients.
   */
  url: rule<string>(
    'a URL that begins with "redis://" or "rediss://"',
    (value) => typeof value === 'string' && /^rediss?:\/\//.test(value) && URL.canParse(value),
  ),

  /**
   * A connected client of the app, from the package `redis` or `ioredis`. The module publishes through it and
   * subscribes through a duplicate of it; it closes only the duplicate. Give either `url` or `client`.
   */
  client: rule<RedisClient>('an object', isObject),

  /**
   * What the names of the channels begin with. Nodes with another prefix are another app.
   *
   * @default 'socket.io'
   */
  keyPrefix: rule<string>('a string that is not empty', (value) => typeof value === 'string' && value.length > 0),

  /**
   * How long the boot waits for a first connection, in milliseconds.
   *
   * @default 5000
   */
  connectTimeout: withDefault(milliseconds, 5_000),
};

/** How the nodes of an app find each other: either `url` or `client`. */
export interface RedisOptions extends Options<typeof fields> {}

export const redisOption = {
  ...rule<RedisOptions>(
    'either { url: "redis://host:6379" } or { client }, and optionally keyPrefix and connectTimeout',
    (value) => isObject(value) && Boolean(Reflect.get(value, 'url')) !== Boolean(Reflect.get(value, 'client')),
  ),
  fields,
};
