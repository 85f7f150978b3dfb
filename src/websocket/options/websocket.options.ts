import { authenticationOption, type AuthenticationOptions } from './authentication.options.js';
import { errorsOptions, type ErrorsOptions } from './errors.options.js';
import { memoryOptions } from './memory.options.js';
import { handshakeOptions } from './handshake.options.js';
import { limits, type Limits } from './limits.options.js';
import {
  WebsocketOptionsError,
  aBoolean,
  aFunction,
  anObject,
  bytes,
  isObject,
  milliseconds,
  objectOf,
  orFalse,
  resolve,
  rule,
  switchOrObject,
  withDefault,
} from './option-rules.js';
import type { Options, Resolved, Rule } from './option-rules.js';
import { redisOption } from './redis.options.js';
import { shutdownOptions, type ShutdownOptions } from './shutdown.options.js';
import type { ServerOptions } from '../socket-io/socket.io.js';

/** Injection token of the module's options, checked and filled: {@link ResolvedWebsocketOptions}. */
export const WEBSOCKET_OPTIONS = Symbol('WEBSOCKET_OPTIONS');

/** Those of the kit's own options that are of no room alone. */
const moduleOptions = {
  /**
   * Connects the nodes of the app through Redis, so that an event emitted on one node reaches the clients of all nodes.
   * Needs the packages `@socket.io/redis-adapter` and, unless you give a client, `redis`. Cannot be combined with
   * `adapter` or `connectionStateRecovery`.
   *
   * @default undefined (one node)
   */
  redis: redisOption,

  /**
   * Adds namespace, transport, address, reason and duration to the log entries of {@link EventsGateway}: as a parameter
   * after the message; with nestjs-pino, nest-winston and similar loggers as fields of the entry.
   *
   * @default true; with Nest 11's own logger false, since it prints a parameter as an entry of its own
   */
  logDetails: aBoolean,

  /**
   * Whether {@link EventsGateway} logs the clients of namespace `/`. Gateways that extend it always log those of their
   * own namespace.
   *
   * @default true
   */
  eventsGateway: withDefault(aBoolean, true),

  /**
   * Decides who may connect, before any code of the app sees the client: a function, the class of a provider, or an
   * object with more options. It gets the handshake, and returns what goes into `socket.data`, or throws.
   *
   * @default undefined (everybody)
   */
  authentication: authenticationOption,

  /**
   * How long an asynchronous `handleConnection` may take, in milliseconds. Until it has settled, events of the client
   * are held. When it fails by a fault of the server, it is called again within this time. After that, or when it takes
   * longer, the connection is closed, and the client reconnects; a client that is in other namespaces only leaves this
   * one. With `false`, events are handled at once, and the hook is not called again.
   *
   * @default 10000
   */
  handleConnectionTimeout: withDefault(orFalse(milliseconds), 10_000),

  /**
   * What clients get when something fails, and how.
   *
   * @default the defaults of each
   */
  errors: withDefault(objectOf<ErrorsOptions>(errorsOptions, 'an object, { envelope, tellBy }'), {}),

  /**
   * How many connections there may be, how fast they may be opened, and how fast each may send. `false` turns all of
   * these limits off.
   *
   * @default the defaults of each
   */
  limits: withDefault(orFalse(objectOf<Limits>(limits, 'an object such as { connectionsPerAddress: 100 }')), {}),

  /**
   * How the app disconnects its clients when it closes or fails.
   *
   * @default the defaults of each
   */
  shutdown: withDefault(objectOf<ShutdownOptions>(shutdownOptions, 'an object such as { timeout: 10_000 }'), {}),
};

/** Options of `WebsocketModule`: Socket.IO's `ServerOptions` under their own names, and the kit's beside them. */
export interface WebsocketOptions
  extends
    ServerOptions,
    Options<typeof handshakeOptions>,
    Options<typeof memoryOptions>,
    Options<typeof moduleOptions> {}

/** The kit's own options. */
const ownOptions = { ...handshakeOptions, ...memoryOptions, ...moduleOptions };

/** The options as the module's parts use them; `server` is what the app set of Socket.IO's, and nothing else. */
export interface ResolvedWebsocketOptions extends Omit<
  Resolved<typeof ownOptions>,
  'authentication' | 'errors' | 'limits' | 'shutdown'
> {
  readonly server: ServerOptions;
  readonly authentication?: AuthenticationOptions & { timeout: number };
  readonly errors: Resolved<typeof errorsOptions>;
  readonly limits: Limits;
  readonly shutdown: Resolved<typeof shutdownOptions>;
}

/**
 * Checks the options, and fills in the kit's own.
 *
 * @throws WebsocketOptionsError for the first that is unknown or not of its form
 */
export function resolveWebsocketOptions(options: WebsocketOptions = {}): ResolvedWebsocketOptions {
  if (!isObject(options)) throw new WebsocketOptionsError('(all)', options, 'an object');
  const { authentication: use } = options;
  const given = typeof use === 'function' ? { ...options, authentication: { use } } : options;
  const resolved = Object.entries(resolve({ ...serverOptions, ...ownOptions }, given));
  const own = Object.fromEntries(resolved.filter(([option]) => option in ownOptions));
  const server: ServerOptions = Object.fromEntries(resolved.filter(([option]) => !(option in ownOptions)));
  if (own.redis && server.adapter)
    throw new WebsocketOptionsError('adapter', server.adapter, 'no adapter beside "redis": it brings its own');
  return { ...own, limits: own.limits || {}, server } as unknown as ResolvedWebsocketOptions;
}

/** WebTransport is not among them: Engine.IO lets nobody connect by it who is to be asked about. */
const transports = ['polling', 'websocket'];

/** One rule per option; the compiler says when Socket.IO gains or loses one. */
const serverOptions: { readonly [Option in keyof ServerOptions]-?: Rule } = {
  ...each(aBoolean, 'addTrailingSlash', 'allowEIO3', 'allowUpgrades', 'cleanupEmptyChildNamespaces'),
  ...each(aBoolean, 'destroyUpgrade', 'serveClient'),
  ...each(aFunction, 'adapter', 'allowRequest', 'wsEngine'),
  ...each(anObject, 'connectionStateRecovery', 'parser'),
  ...each(milliseconds, 'connectTimeout', 'destroyUpgradeTimeout', 'upgradeTimeout'),
  ...each(milliseconds, 'pingInterval', 'pingTimeout'),
  ...each(switchOrObject, 'cookie', 'httpCompression', 'perMessageDeflate'),
  cors: rule(
    'an object such as { origin: "https://app.example.com" }, a function, true, false or "*"',
    (value) =>
      ['function', 'boolean'].includes(typeof value) || value === '*' || (isObject(value) && !Array.isArray(value)),
  ),
  initialPacket: rule('any value', () => true),
  maxHttpBufferSize: bytes,
  path: rule(
    'a path that begins with "/", such as "/socket.io"',
    (value) => typeof value === 'string' && value.startsWith('/'),
  ),
  transports: rule(
    `a list out of ${transports.map((transport) => `"${transport}"`).join(', ')}`,
    (value) => Array.isArray(value) && value.length > 0 && value.every((transport) => transports.includes(transport)),
  ),
};

function each<Name extends string>(of: Rule, ...names: Name[]): Record<Name, Rule> {
  return Object.fromEntries(names.map((name) => [name, of])) as Record<Name, Rule>;
}
