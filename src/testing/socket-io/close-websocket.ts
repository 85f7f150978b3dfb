import type { Socket } from 'socket.io-client';

/** The `WebSocket` of the package ws. A browser's `WebSocket` has no `once`. */
interface WebSocket {
  readonly readyState: number;
  once?(event: 'close', listener: () => void): void;
  terminate(): void;
}

/** `ws` is private to the transport of engine.io-client, which drops it on close. Only this file uses it. */
interface Transport {
  readonly ws?: WebSocket;
}

const [CLOSING, CLOSED] = [2, 3];

interface Open {
  readonly webSocket: WebSocket;
  readonly closed: Promise<void>;
}

/** By the connection, which many sockets may share. */
const open = new WeakMap<object, Open>();

/** Remembers the WebSocket of a client's connection. Call it when the connection is open. */
export function noteWebSocket(engine: Socket['io']['engine']): void {
  const note = (transport: object): void => {
    const { ws: webSocket } = transport as Transport;
    if (!webSocket?.once || open.get(engine)?.webSocket === webSocket) return;
    open.set(engine, { webSocket, closed: new Promise((resolve) => webSocket.once!('close', resolve)) });
  };
  note(engine.transport);
  engine.on('upgrade', note);
}

/**
 * Disconnects a client, and resolves when its WebSocket is closed, or at once if there is none. If the WebSocket is
 * already closing and the server has not sent its close frame, it is terminated.
 *
 * Both ends have a timer for a missing close frame, made by the current `setTimeout`. Without this function it would be
 * cleared after the app is closed, when the test may have restored real time. If a timer of an earlier `mock.timers` of
 * node:test is cleared, the timers of all later ones never fire (Node 20, 22 and 24).
 */
export async function closeWebSocket(socket: Socket): Promise<void> {
  const { engine } = socket.io;
  const { webSocket, closed } = open.get(engine) ?? {};
  if (webSocket?.readyState === CLOSING) webSocket.terminate();
  socket.disconnect();
  // Another socket of the same connection may keep it open.
  if (webSocket && webSocket.readyState !== CLOSED && engine.readyState !== 'open') await closed;
}
