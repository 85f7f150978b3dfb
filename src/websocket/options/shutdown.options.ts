import { count, milliseconds, oneOf, rule, withDefault, type Options } from './option-rules.js';

/** Names that Socket.IO keeps for itself. */
const reservedEvents = new Set(['connect', 'connect_error', 'disconnect', 'disconnecting', 'error']);

/** How the app leaves its clients when it is closed. */
export const shutdownOptions = {
  /**
   * How long the module takes at a shutdown at most, in milliseconds. The time runs from the beginning, while the shutdown
   * hooks of other providers run too. Then clients, HTTP requests and Redis are cut off, and logged. Handlers, clients
   * and `handleDisconnect` have four fifths of this time.
   *
   * @default 10000
   */
  timeout: withDefault(milliseconds, 10_000),

  /**
   * With `'beforeApplicationShutdown'`, clients are disconnected after Nest's hooks `onModuleDestroy` and
   * `beforeApplicationShutdown`, so that broadcasts in these hooks reach them. Their handlers may then meet providers
   * that are destroyed.
   *
   * @default undefined (before any hook)
   */
  drainAfter: oneOf('beforeApplicationShutdown'),

  /**
   * The event that every client gets before it is disconnected; its argument is `{ code, message }` with the code
   * `SHUTTING_DOWN`. With `false` no event is sent.
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
   * How many clients are disconnected at a time, so that not all of them connect to other nodes at once.
   *
   * @default 1000
   */
  batchSize: withDefault(count, 1_000),

  /**
   * The time between two batches, in milliseconds. It is shorter when not all batches would fit before the timeout.
   *
   * @default 1000
   */
  batchInterval: withDefault(milliseconds, 1_000),

  /**
   * What happens on a failure outside any handler, such as an exception in a timer or a rejected promise that nobody
   * awaits, when nothing else listens to `uncaughtException`. With `'drain'` it is logged, the clients are drained as
   * in any shutdown, and then the failure ends the process. `'ignore'` leaves it to Node, which ends the process at
   * once.
   *
   * @default 'drain'
   */
  onUncaught: withDefault(oneOf('drain', 'ignore'), 'drain'),
};

export interface ShutdownOptions extends Options<typeof shutdownOptions> {}
