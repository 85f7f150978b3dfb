import type { ManagerOptions, SocketOptions } from 'socket.io-client';
import type { EventsMap } from './events-map.js';
import type { TestClient } from './test-client.js';

/** How a client connects; beside these, every option of socket.io-client. */
export interface ConnectOptions<ServerToClient extends EventsMap = EventsMap> extends Partial<
  ManagerOptions & SocketOptions
> {
  /**
   * What the client is called in failures, log entries and the timeline. A further one of that name, beside one that is
   * there, is told apart by a number: `alice (2)`.
   *
   * @default 'client-1', 'client-2', …
   */
  name?: string;
  /** @default '/' */
  namespace?: string;
  /** @default the server's own option `parser` */
  parser?: ManagerOptions['parser'];
  /**
   * Give `['polling', 'websocket']` for a client that upgrades.
   *
   * @default ['websocket']
   */
  transports?: ('polling' | 'websocket')[];
  /**
   * Until when `connect` waits: until every `handleConnection` has settled, or only until the wire is up, for
   * a hook that itself waits for the client.
   *
   * @default 'handled'
   */
  until?: 'handled' | 'connected';
  /** Listeners that are there before the connection is, to answer what the server asks in `handleConnection`. */
  on?: Partial<ServerToClient>;
  /**
   * Another client whose connection this one is to share, as the namespaces of a page do. What a connection itself has
   * (transports, headers, reconnection) is that client's.
   *
   * @default a connection of its own
   */
  connection?: TestClient;
  /**
   * The port that the gateway declares, for one with a port of its own: `@WebSocketGateway(8080)`.
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
  /** Aborts the connecting and, later, every wait of the client. */
  signal?: AbortSignal;
}

/** A namespace's name as Socket.IO has it. */
export function withSlash(namespace: string): string {
  return namespace.startsWith('/') ? namespace : `/${namespace}`;
}
