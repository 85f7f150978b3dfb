import type { IncomingMessage } from 'node:http';
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
  return transport as unknown as TransportInternals;
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
