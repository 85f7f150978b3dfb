import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import type { Server, Socket } from './socket.io.js';

/** A connection of Engine.IO. */
export type Connection = Socket['conn'];

/** A packet of Engine.IO. */
export interface EnginePacket {
  readonly type: string;
  readonly data?: string | ArrayBuffer | ArrayBufferView;
  /** The frame of a broadcast is encoded once, and all receivers share it. */
  readonly options?: { wsPreEncodedFrame?: readonly Buffer[] };
}

/** The members of a transport that are used here. Most are private to Engine.IO. */
export interface TransportInternals {
  /** The one of `ws`, if the transport is a WebSocket. */
  readonly socket?: WebSocket;
  /** Polling only: completes a close that waits for a poll, to tell the client. Engine.IO waits up to 30 s for that. */
  readonly shouldClose?: (() => void) | null;
  send(packets: EnginePacket[]): void;
  /** Called for each packet from the client. */
  onPacket(packet: EnginePacket): void;
  /** Called when the client has closed the transport. */
  onClose(): void;
}

export type OnSent = (error?: Error | null) => void;

/** The members of `ws` that are used here. The last two are private to it. */
export interface WebSocket {
  readonly readyState: number;
  /** The state of a WebSocket whose TCP connection has ended. */
  readonly CLOSED: number;
  /** The negotiated extensions, such as compression. */
  readonly extensions: string;
  once(event: 'close', listener: () => void): void;
  emit(event: string, one?: unknown, other?: unknown): boolean;
  pong(data: unknown, mask: boolean, onSent: OnSent): void;
  send(data: unknown, options?: unknown, onSent?: OnSent): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  readonly _socket: TcpSocket | null;
  /** Parses the frames, and knows the size of the message that is being received. */
  readonly _receiver: { readonly _totalPayloadLength?: number } | null;
}

export function transportOf({ transport }: Connection): TransportInternals {
  return transport as object as TransportInternals;
}

/** The TCP connection of a WebSocket, while it has one. */
export function tcpOf(connection: Connection): TcpSocket | undefined {
  return transportOf(connection).socket?._socket ?? undefined;
}

/** All connections of a server, including those that have joined no namespace. */
export function allConnectionsOf(engine: Server['engine']): readonly Connection[] {
  return Object.values(engine['clients']);
}

/** The packets that wait until the transport is ready. */
export function queueOf(connection: Connection): EnginePacket[] {
  return connection['writeBuffer'];
}

/** Puts packets in front of all that wait. */
export function requeue(connection: Connection, packets: readonly EnginePacket[]): void {
  connection['writeBuffer'] = [...packets, ...queueOf(connection)] as Connection['writeBuffer'];
}

/** Whether a new packet is sent without waiting, because a WebSocket is ready for it. */
export function isReady(connection: Connection): boolean {
  const { transport } = connection;
  return transport.writable && queueOf(connection).length === 0 && transport.name === 'websocket';
}

export function ping(connection: Connection): void {
  connection['sendPacket']('ping');
}

/** Restarts the time that the client has to answer a ping. */
export function putOffTimeout(connection: Connection): void {
  connection['pingTimeoutTimer']?.refresh();
}

/** Closes a connection at once, with a reason. `close()` waits for unsent packets, and takes no reason. */
export function endConnection(connection: Connection, reason: string): void {
  connection.transport.discard();
  connection['onClose'](reason);
  releaseTransport(connection);
}

/** What opens the WebSockets of an engine: the server of `ws`, or that of the option `wsEngine`. */
export function webSocketServerOf(engine: Server['engine']): unknown {
  return engine['ws'];
}

/** For polling: once the connection is closed, the transport need not wait for another poll to tell the client. */
export function releaseTransport(connection: Connection): void {
  if (connection.readyState === 'closed') transportOf(connection).shouldClose?.();
}

export function connectionOf(engine: Server['engine'], sid: string | undefined): Connection | undefined {
  const clients = engine['clients'];
  return sid !== undefined && Object.hasOwn(clients, sid) ? clients[sid] : undefined;
}

/** A request whose query Engine.IO has parsed. */
export type EngineRequest = IncomingMessage & { _query: { sid?: string } };

/** Whether the request opens a connection: it has no session id, or an empty one, which is the same to Engine.IO. */
export function isHandshake({ _query }: EngineRequest): boolean {
  return !_query.sid;
}

/** Stands in for a response while a WebSocket is opened. Engine.IO's own stand-in cannot send an HTTP status. */
export type UpgradeResponse = Pick<ServerResponse, 'getHeader'>;

/** Whether the request gets an HTTP response, and not a WebSocket. */
export function isHttp(response: ServerResponse | UpgradeResponse): response is ServerResponse {
  return 'headersSent' in response;
}
