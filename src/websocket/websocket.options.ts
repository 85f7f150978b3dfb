import { ConsoleLogger } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { resolveAuthenticationOptions } from './authentication/authentication.options.js';
import type {
  Authenticate,
  AuthenticationOptions,
  Authenticator,
  ResolvedAuthenticationOptions,
} from './authentication/authentication.options.js';
import type { RedisOptions } from './redis-backplane.js';
import type { ServerOptions } from './socket.io.js';

/** Options of {@link WebsocketModule}: Socket.IO's `ServerOptions` under their own names, and the kit's beside them. */
export interface WebsocketOptions extends ServerOptions {
  /**
   * Joins the app's nodes through Redis, so that an event emitted on one reaches the clients of all.
   * Needs the packages `@socket.io/redis-adapter` and, unless a client is given, `redis`.
   *
   * @default undefined (one node)
   */
  redis?: RedisOptions;

  /**
   * Adds what is known of a connection (namespace, transport, address, reason, duration) to the gateway's
   * log entries, as a structured parameter behind the message.
   *
   * @default true on Nest 12, whose logger prints message and parameters as one entry; false on Nest 11,
   * whose logger would print two
   */
  logDetails?: boolean;

  /**
   * Who may connect: a function, the class of a provider, or either with more options. It has the handshake and returns
   * what goes into `socket.data`, or refuses; nothing of the app's sees a client before.
   *
   * @default undefined (everybody)
   */
  authentication?: Authenticate | Type<Authenticator> | AuthenticationOptions;

  /**
   * How long an asynchronous `handleConnection` may take, in milliseconds. Until it has settled the client's events are
   * held; one that takes longer is disconnected, with the code `NOT_READY`.
   *
   * @default 10000
   */
  handleConnectionTimeout?: number;

  /**
   * How many events are held for a client until its `handleConnection` has settled. One that sends more is disconnected,
   * with the code `NOT_READY`.
   *
   * @default 100
   */
  maxHeldMessages?: number;
}

/** The options as the module's parts use them. */
export interface ResolvedWebsocketOptions {
  /** What the app set of Socket.IO's options, and nothing else. */
  server: ServerOptions;
  redis: RedisOptions | undefined;
  logDetails: boolean;
  authentication: ResolvedAuthenticationOptions | undefined;
  handleConnectionTimeout: number;
  maxHeldMessages: number;
}

/** What the kit sets where neither app nor gateway sets it; all else is Socket.IO's own default. */
export const DEFAULT_SERVER_OPTIONS = {
  cors: { origin: '*' },
  // By a pattern's name a client has a namespace made; without this, each of them would stay.
  cleanupEmptyChildNamespaces: true,
} satisfies ServerOptions;

/** Nest 12's logger prints a message and its parameters as one entry, Nest 11's as two. */
const LOGGER_JOINS_PARAMETERS = 'stringifyParams' in ConsoleLogger.prototype;

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

/**
 * Checks the options, and fills in the kit's own.
 *
 * @throws WebsocketOptionsError for the first that is unknown or not of its form
 */
export function resolveWebsocketOptions(options: WebsocketOptions = {}): ResolvedWebsocketOptions {
  if (!isObject(options)) throw new WebsocketOptionsError('(all)', options, 'an object');
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [option, value] of given) check(option, value);
  if (options.redis && options.adapter) {
    throw new WebsocketOptionsError(
      'adapter',
      options.adapter,
      'no adapter beside "redis": it brings its own',
    );
  }
  const {
    redis,
    logDetails = LOGGER_JOINS_PARAMETERS,
    authentication,
    handleConnectionTimeout = 10_000,
    maxHeldMessages = 100,
    ...server
  }: WebsocketOptions = Object.fromEntries(given);
  return {
    server,
    redis,
    logDetails,
    authentication: resolveAuthenticationOptions(authentication),
    handleConnectionTimeout,
    maxHeldMessages,
  };
}

interface Rule {
  expected: string;
  accepts(value: unknown): boolean;
}

const transports = ['polling', 'websocket', 'webtransport'];

const aBoolean: Rule = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
const aFunction: Rule = { expected: 'a function', accepts: (value) => typeof value === 'function' };
const anObject: Rule = { expected: 'an object', accepts: isObject };
const switchOrObject: Rule = {
  expected: 'true, false or an object',
  accepts: (value) => typeof value === 'boolean' || isObject(value),
};
const milliseconds: Rule = { expected: 'a whole number of milliseconds, 1 or more', accepts: isCount };
const bytes: Rule = { expected: 'a whole number of bytes, 1 or more', accepts: isCount };

/** One rule per option; the compiler says when Socket.IO gains or loses one. */
const rules: Record<keyof WebsocketOptions, Rule> = {
  adapter: aFunction,
  addTrailingSlash: aBoolean,
  allowEIO3: aBoolean,
  allowRequest: aFunction,
  allowUpgrades: aBoolean,
  authentication: {
    expected: 'a function, the class of a provider with authenticate(), or { use, timeout, recheckInterval }',
    accepts: (value) => typeof value === 'function' || isObject(value),
  },
  cleanupEmptyChildNamespaces: aBoolean,
  connectionStateRecovery: anObject,
  connectTimeout: milliseconds,
  cookie: switchOrObject,
  cors: {
    expected: 'an object such as { origin: "https://app.example.com" }, or a function',
    accepts: (value) => typeof value === 'function' || (isObject(value) && !Array.isArray(value)),
  },
  destroyUpgrade: aBoolean,
  destroyUpgradeTimeout: milliseconds,
  handleConnectionTimeout: milliseconds,
  httpCompression: switchOrObject,
  initialPacket: { expected: 'any value', accepts: () => true },
  logDetails: aBoolean,
  maxHeldMessages: { expected: 'a whole number, 1 or more', accepts: isCount },
  maxHttpBufferSize: bytes,
  parser: anObject,
  path: {
    expected: 'a path that begins with "/", such as "/socket.io"',
    accepts: (value) => typeof value === 'string' && value.startsWith('/'),
  },
  perMessageDeflate: switchOrObject,
  pingInterval: milliseconds,
  pingTimeout: milliseconds,
  redis: {
    expected:
      'either { url: "redis://host:6379" } or { client }, and optionally keyPrefix and connectTimeout',
    accepts: isObject,
  },
  serveClient: aBoolean,
  transports: {
    expected: `a list out of ${transports.map((transport) => `"${transport}"`).join(', ')}`,
    accepts: (value) =>
      Array.isArray(value) && value.length > 0 && value.every((transport) => transports.includes(transport)),
  },
  upgradeTimeout: milliseconds,
  wsEngine: aFunction,
};

const authenticationRules: Record<keyof AuthenticationOptions, Rule> = {
  recheckInterval: milliseconds,
  timeout: milliseconds,
  use: {
    expected: 'a function, or the class of a provider with authenticate()',
    accepts: (value) => typeof value === 'function',
  },
};

const redisRules: Record<keyof RedisOptions, Rule> = {
  client: anObject,
  connectTimeout: milliseconds,
  keyPrefix: {
    expected: 'a string that is not empty',
    accepts: (value) => typeof value === 'string' && value.length > 0,
  },
  url: {
    expected: 'a URL that begins with "redis://" or "rediss://"',
    accepts: (value) => typeof value === 'string' && /^rediss?:\/\//.test(value) && URL.canParse(value),
  },
};

function check(option: string, value: unknown): void {
  checkAgainst(rules, option, value, '');
  if (option === 'authentication' && isObject(value)) {
    for (const [name, setting] of Object.entries({ use: undefined, ...value })) {
      if (setting !== undefined || name === 'use')
        checkAgainst(authenticationRules, name, setting, 'authentication.');
    }
  }
  if (option !== 'redis') return;
  const redis = value as RedisOptions;
  if ((redis.url === undefined) === (redis.client === undefined)) {
    throw new WebsocketOptionsError('redis', value, rules.redis.expected);
  }
  for (const [name, setting] of Object.entries(redis)) {
    if (setting !== undefined) checkAgainst(redisRules, name, setting, 'redis.');
  }
}

function checkAgainst(table: Record<string, Rule>, option: string, value: unknown, prefix: string): void {
  const rule = Object.hasOwn(table, option) ? table[option] : undefined;
  if (!rule) {
    const names = Object.keys(table).map((name) => prefix + name);
    throw new WebsocketOptionsError(prefix + option, value, `one of these names: ${names.join(', ')}`);
  }
  if (!rule.accepts(value)) throw new WebsocketOptionsError(prefix + option, value, rule.expected);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function print(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.replace(/\/\/[^@/]*@/, '//***@'));
  if (typeof value === 'function') return 'a function';
  if (isObject(value)) return Array.isArray(value) ? `[${value.map(print).join(', ')}]` : 'an object';
  return String(value);
}
