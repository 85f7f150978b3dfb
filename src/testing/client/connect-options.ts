import type { ManagerOptions, SocketOptions } from 'socket.io-client';
import type { EventsMap } from './events-map.js';
import type { TestClient } from './test-client.js';

/**
 * How a client connects. The options of socket.io-client work too, except `forceNew`, `autoConnect` and
 * `useNativeTimers`. `reconnection` is off by default.
 */
export interface ConnectOptions<ServerToClient extends EventsMap = EventsMap> extends Partial<
  ManagerOptions & SocketOptions
> {
  /**
   * The client's name in failures, log entries and the timeline. If the namespace already has a client of that name, a
   * number is added: `alice (2)`.
   *
   * @default 'client-1', 'client-2', …
   */
  name?: string;
  /** @default '/' */
  namespace?: string;
  /** @default the server's own option `parser` */
  parser?: ManagerOptions['parser'];
  /**
   * Use `['polling', 'websocket']` for a client that upgrades.
   *
   * @default ['websocket']
   */
  transports?: ('polling' | 'websocket')[];
  /**
   * How long `connect` waits: until every `handleConnection` has settled, or only until the client is connected. Use
   * `'connected'` for a hook that waits for the client.
   *
   * @default 'handled'
   */
  until?: 'handled' | 'connected';
  /** Listeners that are added before the client connects, to answer what the server asks in `handleConnection`. */
  on?: Partial<ServerToClient>;
  /**
   * Another client whose connection this one shares, as the namespaces of a page do. The connection's own options
   * (transports, headers, reconnection) are those of that client.
   *
   * @default a connection of its own
   */
  connection?: TestClient;
  /**
   * The port that the gateway declares, if it has its own port: `@WebSocketGateway(8080)`.
   *
   * @default the app's own
   */
  gatewayPort?: number;
  /**
   * How long to wait for the connection, and later for each event and ack, in milliseconds.
   *
   * @default the app's `timeout`
   */
  timeout?: number;
  /** Aborts connecting and, later, every wait of the client. */
  signal?: AbortSignal;
}

/** Adds the leading slash that Socket.IO's namespaces have. */
export function withSlash(namespace: string): string {
  return namespace.startsWith('/') ? namespace : `/${namespace}`;
}
