import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import type { Server, Socket } from './socket.io.js';

/** A connection of Engine.IO's. */
export type Connection = Socket['conn'];

/** A packet of Engine.IO's. */
export interface EnginePacket {
  readonly type: string;
  readonly data?: string | ArrayBuffer | ArrayBufferView;
  /** Of a broadcast the frame is made once, and shared by all that get it. */
  readonly options?: { wsPreEncodedFrame?: readonly Buffer[] };
}

/** What of a transport is private to Engine.IO and used here. */
export interface TransportInternals {
  /** Of `ws`, when the transport is a WebSocket. */
  readonly socket?: WebSocket;
  /** Of polling: ends what waits for a poll, to tell the client of the end. Engine.IO waits 30 s for that. */
  readonly shouldClose?: (() => void) | null;
  send(packets: EnginePacket[]): void;
  /** Has a packet of the client's. */
  onPacket(packet: EnginePacket): void;
  /** The client has closed it. */
  onClose(): void;
}

/** What of `ws` is used here; the last two are private to it. */
export interface WebSocket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  once(event: 'close', listener: () => void): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  readonly _socket: TcpSocket | null;
  /** Reads the frames, and knows how large the one is that comes. */
  readonly _receiver: { readonly _totalPayloadLength?: number } | null;
}

/** The state of a WebSocket whose TCP connection has ended. */
export const WEBSOCKET_CLOSED = 3;

export function transportOf({ transport }: Connection): TransportInternals {
  return transport as object as TransportInternals;
}

/** The TCP connection of a WebSocket, while it is there. */
export function tcpOf(connection: Connection): TcpSocket | undefined {
  return transportOf(connection).socket?._socket ?? undefined;
}

/** All connections of a server, those that have joined no namespace among them. */
export function allConnectionsOf(engine: Server['engine']): readonly Connection[] {
  return Object.values(engine['clients']);
}

/** What waits for the transport of a connection to be ready. */
export function queueOf(connection: Connection): EnginePacket[] {
  return connection['writeBuffer'];
}

/** Puts packets before all that waits. */
export function requeue(connection: Connection, packets: readonly EnginePacket[]): void {
  connection['writeBuffer'] = [...packets, ...queueOf(connection)] as Connection['writeBuffer'];
}

/** Whether a packet that is made now waits for nothing: a WebSocket that is ready takes it. */
export function isReady(connection: Connection): boolean {
  const { transport } = connection;
  return transport.writable && queueOf(connection).length === 0 && transport.name === 'websocket';
}

export function ping(connection: Connection): void {
  connection['sendPacket']('ping');
}

/** Whether a ping was sent that the client has not answered. */
export function awaitsPong(connection: Connection): boolean {
  return Boolean(connection['pingTimeoutTimer']);
}

/** Gives the client as long again for its answer to a ping. */
export function putOffTimeout(connection: Connection): void {
  connection['pingTimeoutTimer']?.refresh();
}

/** Ends a connection at once, and says why; `close()` waits for what is still to be sent, and takes no reason. */
export function endConnection(connection: Connection, reason: string): void {
  connection['onClose'](reason);
}

/** What opens the WebSockets of an engine: that of `ws`, or of the option `wsEngine`. */
export function webSocketServerOf(engine: Server['engine']): unknown {
  return engine['ws'];
}

/** The connection that a session id names. */
export function connectionOf(engine: Server['engine'], sid: string | undefined): Connection | undefined {
  const clients = engine['clients'];
  return sid !== undefined && Object.hasOwn(clients, sid) ? clients[sid] : undefined;
}

/** A request to Engine.IO, which has parsed its query. */
export type EngineRequest = IncomingMessage & { _query: { sid?: string } };

/** Whether it is to open a connection: it names none, or one without a name, which Engine.IO takes for none. */
export function isHandshake({ _query }: EngineRequest): boolean {
  return !_query.sid;
}

/** What stands in for a response while a WebSocket is opened; Engine.IO's own answers such a request without a status. */
export type UpgradeResponse = Pick<ServerResponse, 'getHeader'>;

/** Whether the answer is an HTTP response, and not a WebSocket that is to be opened. */
export function isHttp(response: ServerResponse | UpgradeResponse): response is ServerResponse {
  return 'headersSent' in response;
}
