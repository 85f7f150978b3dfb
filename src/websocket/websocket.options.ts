import type { Type } from '@nestjs/common';
import {
  authenticationRule,
  type Authenticate,
  type AuthenticationOptions,
  type Authenticator,
} from './authentication/authentication.options.js';
import { errorsRule, type ErrorsOptions } from './dispatch/errors.options.js';
import { flowRules, type FlowOptions } from './flow/flow.options.js';
import { handshakeRules, type HandshakeOptions } from './handshake/handshake.options.js';
import { limitsRule, type Limits } from './limits.options.js';
import {
  WebsocketOptionsError,
  aBoolean,
  aFunction,
  anObject,
  bytes,
  isObject,
  milliseconds,
  orFalse,
  resolve,
  switchOrObject,
  type Rule,
  type Rules,
} from './option-rules.js';
import type { RedisOptions } from './redis-backplane.js';
import { shutdownRule, type ShutdownOptions } from './shutdown/shutdown.options.js';
import type { ServerOptions } from './socket.io.js';

/** Options of {@link WebsocketModule}: Socket.IO's `ServerOptions` under their own names, and the kit's beside them. */
export interface WebsocketOptions extends ServerOptions, HandshakeOptions, FlowOptions {
  /**
   * Joins the app's nodes through Redis, so that an event emitted on one reaches the clients of all.
   * Needs the packages `@socket.io/redis-adapter` and, unless a client is given, `redis`.
   *
   * @default undefined (one node)
   */
  redis?: RedisOptions;

  /**
   * Adds what is known of a connection (namespace, transport, address, reason, duration) to the gateway's log entries: as a
   * structured parameter behind the message; with nestjs-pino, nest-winston and their kind as fields of the entry.
   *
   * @default true, but with Nest 11's own logger, which prints a parameter as an entry of its own
   */
  logDetails?: boolean;

  /**
   * Whether {@link EventsGateway} logs the clients of namespace `/`. Gateways that extend it log those of theirs in any case.
   *
   * @default true
   */
  eventsGateway?: boolean;

  /**
   * Who may connect: a function, the class of a provider, or either with more options. It has the handshake and returns
   * what goes into `socket.data`, or refuses; nothing of the app's sees a client before.
   *
   * @default undefined (everybody)
   */
  authentication?: Authenticate | Type<Authenticator> | AuthenticationOptions;

  /**
   * How long an asynchronous `handleConnection` may take, in milliseconds. Until it has settled the client's events are
   * held. One that fails by a fault of the server's is called again within this time; then, or when it takes longer, the
   * client's transport is closed, so that it comes back by itself. `false` is for a hook that goes on as long as its client
   * is there: events are handled at once.
   *
   * @default 10000
   */
  handleConnectionTimeout?: number | false;

  /**
   * How clients are told of failures.
   *
   * @default the defaults of each
   */
  errors?: ErrorsOptions;

  /**
   * How many connections there may be, how fast they may be opened, and how fast one may send. `false` lifts all of these
   * limits.
   *
   * @default the defaults of each
   */
  limits?: Limits | false;

  /**
   * How the app leaves its clients when it is closed, or fails.
   *
   * @default the defaults of each
   */
  shutdown?: ShutdownOptions;
}

/** Those of the module's own options that have a default. */
type Filled = 'eventsGateway' | 'handleConnectionTimeout' | 'allowMissingOrigin' | keyof FlowOptions;

/** The options as the module's parts use them; `server` is what the app set of Socket.IO's, and nothing else. */
export interface ResolvedWebsocketOptions
  extends Required<Pick<WebsocketOptions, Filled>>, Pick<WebsocketOptions, 'redis' | 'logDetails' | 'trustProxy'> {
  readonly server: ServerOptions;
  readonly authentication: (AuthenticationOptions & { timeout: number }) | undefined;
  readonly errors: ErrorsOptions & Required<Pick<ErrorsOptions, 'tellBy'>>;
  readonly limits: Limits;
  readonly shutdown: ShutdownOptions & Required<Omit<ShutdownOptions, 'drainAfter'>>;
}

/** What the kit sets where neither app nor gateway sets it; all else is Socket.IO's own default. */
export const DEFAULT_SERVER_OPTIONS = { cors: { origin: '*' } } satisfies ServerOptions;

/**
 * Checks the options, and fills in the kit's own.
 *
 * @throws WebsocketOptionsError for the first that is unknown or not of its form
 */
export function resolveWebsocketOptions(options: WebsocketOptions = {}): ResolvedWebsocketOptions {
  if (!isObject(options)) throw new WebsocketOptionsError('(all)', options, 'an object');
  const { authentication: use } = options;
  const given = typeof use === 'function' ? { ...options, authentication: { use } } : options;
  const resolved = Object.entries(resolve({ ...serverRules, ...rules }, given));
  const own = Object.fromEntries(resolved.filter(([option]) => option in rules));
  const server: ServerOptions = Object.fromEntries(resolved.filter(([option]) => !(option in rules)));
  if (own.redis && server.adapter)
    throw new WebsocketOptionsError('adapter', server.adapter, 'no adapter beside "redis": it brings its own');
  return { ...own, limits: own.limits || {}, server } as unknown as ResolvedWebsocketOptions;
}

const redisRules: Rules<RedisOptions> = {
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

/** WebTransport is not among them: Engine.IO lets nobody connect by it who is to be asked about. */
const transports = ['polling', 'websocket'];

/** One rule per option; the compiler says when Socket.IO gains or loses one. */
const serverRules: Rules<ServerOptions> = {
  ...each(aBoolean, 'addTrailingSlash', 'allowEIO3', 'allowUpgrades', 'cleanupEmptyChildNamespaces'),
  ...each(aBoolean, 'destroyUpgrade', 'serveClient'),
  ...each(aFunction, 'adapter', 'allowRequest', 'wsEngine'),
  ...each(anObject, 'connectionStateRecovery', 'parser'),
  ...each(milliseconds, 'connectTimeout', 'destroyUpgradeTimeout', 'upgradeTimeout'),
  ...each(milliseconds, 'pingInterval', 'pingTimeout'),
  ...each(switchOrObject, 'cookie', 'httpCompression', 'perMessageDeflate'),
  cors: {
    expected: 'an object such as { origin: "https://app.example.com" }, a function, true, false or "*"',
    accepts: (value) =>
      ['function', 'boolean'].includes(typeof value) || value === '*' || (isObject(value) && !Array.isArray(value)),
  },
  initialPacket: { expected: 'any value', accepts: () => true },
  maxHttpBufferSize: bytes,
  path: {
    expected: 'a path that begins with "/", such as "/socket.io"',
    accepts: (value) => typeof value === 'string' && value.startsWith('/'),
  },
  transports: {
    expected: `a list out of ${transports.map((transport) => `"${transport}"`).join(', ')}`,
    accepts: (value) =>
      Array.isArray(value) && value.length > 0 && value.every((transport) => transports.includes(transport)),
  },
};

const rules: Rules<Omit<WebsocketOptions, keyof ServerOptions>> = {
  ...handshakeRules,
  ...flowRules,
  authentication: authenticationRule,
  errors: errorsRule,
  eventsGateway: { ...aBoolean, default: true },
  handleConnectionTimeout: { ...orFalse(milliseconds), default: 10_000 },
  limits: limitsRule,
  logDetails: aBoolean,
  redis: {
    expected: 'either { url: "redis://host:6379" } or { client }, and optionally keyPrefix and connectTimeout',
    accepts: (value) => isObject(value) && hasEither(value, 'url', 'client'),
    fields: redisRules,
  },
  shutdown: shutdownRule,
};

function hasEither(value: object, one: string, other: string): boolean {
  const has = (name: string): boolean => Reflect.get(value, name) !== undefined;
  return has(one) !== has(other);
}

function each<Name extends string>(rule: Rule, ...names: Name[]): Record<Name, Rule> {
  return Object.fromEntries(names.map((name) => [name, rule])) as Record<Name, Rule>;
}
