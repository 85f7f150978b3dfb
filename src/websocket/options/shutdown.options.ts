import { count, milliseconds, oneOf, rule, withDefault, type Options } from './option-rules.js';

/** Names that Socket.IO keeps for itself. */
const reservedEvents = new Set(['connect', 'connect_error', 'disconnect', 'disconnecting', 'error']);

/** How the app leaves its clients when it is closed. */
export const shutdownOptions = {
  /**
   * How long closing the app may take in all, in milliseconds, whatever hangs. What has not ended by then is cut off, and
   * logged. Handlers, clients and `handleDisconnect` have four fifths of it; the rest is for what comes after them: the
   * shutdown hooks of other providers, HTTP requests, Redis.
   *
   * @default 10000
   */
  timeout: withDefault(milliseconds, 10_000),

  /**
   * Has the clients leave after Nest's hooks `onModuleDestroy` and `beforeApplicationShutdown`, so that these still reach
   * them. By default the clients leave before any hook, so that their handlers find all providers as they were.
   *
   * @default undefined (before any hook)
   */
  drainAfter: oneOf('beforeApplicationShutdown'),

  /**
   * The event by which every client is told, before it is disconnected; its one argument is `{ code, message }`, the code
   * being `SHUTTING_DOWN`. `false` tells nobody.
   *
   * @default 'server:shutdown'
   */
  event: withDefault(
    rule<string | false>(
      'the name of an event that Socket.IO does not reserve, or false',
      (value) => value === false || (typeof value === 'string' && value !== '' && !reservedEvents.has(value)),
    ),
    'server:shutdown',
  ),

  /**
   * How many clients are disconnected at a time, so that not all of them connect to the other nodes at once.
   *
   * @default 1000
   */
  batchSize: withDefault(count, 1_000),

  /**
   * How long after one batch the next is disconnected, in milliseconds; less where they would not all fit before the
   * deadline.
   *
   * @default 1000
   */
  batchInterval: withDefault(milliseconds, 1_000),

  /**
   * What is done about a failure outside any handler, such as a timer's throw or a promise that rejects and that nobody
   * awaits, where nobody listens to `uncaughtException`: the process would end at once. With `'drain'` it is logged, the
   * clients are left as in any shutdown, and then the failure ends the process as it would have; `'ignore'` leaves it to
   * Node.
   *
   * @default 'drain'
   */
  onUncaught: withDefault(oneOf('drain', 'ignore'), 'drain'),
};

export interface ShutdownOptions extends Options<typeof shutdownOptions> {}
