import type { ServerResponse } from 'node:http';
import type { Socket } from './socket.io.js';

/** A connection of Engine.IO's. */
export type Connection = Socket['conn'];

/** A packet of Engine.IO's. */
export interface EnginePacket {
  readonly type: string;
  readonly data?: string | ArrayBuffer | ArrayBufferView;
}

/** What of a connection is private to Engine.IO and used here. */
export interface ConnectionInternals {
  readonly transport: {
    readonly name: string;
    /** Whether it takes a packet at once. */
    readonly writable: boolean;
    /** Of `ws`, when the transport is a WebSocket. */
    readonly socket?: WebSocket;
    /** Of polling: what the client's poll will be answered with. */
    readonly res?: ServerResponse | null;
    /** Of polling: ends what waits for a poll, to tell the client of the end. Engine.IO waits 30 s for that. */
    readonly shouldClose?: (() => void) | null;
    discard(): void;
    send(packets: EnginePacket[]): void;
  };
  /** What waits for the transport to be ready. */
  writeBuffer: EnginePacket[];
  sendPacket(type: 'ping'): void;
  /** Set while a ping has not been answered. */
  readonly pingTimeoutTimer: NodeJS.Timeout | null;
  onClose(reason: string): void;
}

/** What of `ws` is used here; the last is private to it. */
export interface WebSocket {
  readonly readyState: number;
  once(event: 'close', listener: () => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  pause(): void;
  readonly _socket: { end(): void } | null;
}

export function internalsOf(connection: Connection): ConnectionInternals {
  return connection as unknown as ConnectionInternals;
}
