import type { Socket } from 'socket.io-client';

/** The `WebSocket` of the package ws. A browser's own has no `once`. */
interface WebSocket {
  readonly readyState: number;
  once?(event: 'close', listener: () => void): void;
  terminate(): void;
}

/** Private to the transport of engine.io-client, which forgets it when it is closed; this file alone knows it. */
interface Transport {
  readonly ws?: WebSocket;
}

const [CLOSING, CLOSED] = [2, 3];
const webSockets = new WeakMap<object, WebSocket>();

/** Notes by which WebSocket a client's connection goes. To be called when the connection is open. */
export function noteWebSocket(engine: Socket['io']['engine']): void {
  const note = (transport: object): void => {
    const { ws } = transport as Transport;
    if (ws?.once) webSockets.set(engine, ws);
  };
  note(engine.transport);
  engine.on('upgrade', note);
}

/**
 * Disconnects a client, and resolves when its WebSocket is closed; at once where there is none. One whose client is
 * gone already, and whose server has not said goodbye, is cut.
 *
 * Both ends have a timer for the case that the other does not say goodbye, made by the `setTimeout` of the moment. Left
 * to itself it would be cleared after the app has been closed, when the test may have given time back. To clear a timer
 * of an earlier `mock.timers` of node:test leaves all later ones with timers that never fire (Node 20, 22 and 24).
 */
export function closeWebSocket(socket: Socket): Promise<void> {
  const { engine } = socket.io;
  const webSocket = webSockets.get(engine);
  return new Promise((resolve) => {
    webSocket?.once?.('close', resolve);
    if (webSocket?.readyState === CLOSING) webSocket.terminate();
    socket.disconnect();
    // Another socket of the same connection may keep it open.
    if (!webSocket || webSocket.readyState === CLOSED || engine.readyState === 'open') resolve();
  });
}
