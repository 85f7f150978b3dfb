import { requireMembers, type PrivateMembers } from '../errors/unknown-internals.js';
import { connectionInMemory } from './connection-in-memory.js';
import { transportOf } from './engine-internals.js';
import type { Socket } from './socket.io.js';

let verified: Promise<void> | undefined;

/** Checks, once per process, that all of {@link membersOf} exist. @throws UnknownInternalsError when one is missing */
export function verifySocketIo(): Promise<void> {
  verified ??= connectionInMemory().then((socket) => requireMembers(membersOf(socket)));
  return verified;
}

/**
 * The private members of Socket.IO, Engine.IO and ws that the module uses. The documented API is not enough:
 *
 * - `socket.use` runs before it is known whether an event has handlers. `onAny` is not called for acks. Nothing can
 *   wrap the listeners, so what they throw would end the process.
 *   https://github.com/socketio/socket.io/blob/main/packages/socket.io/lib/socket.ts
 * - `namespace.use` adds a middleware neither before all middlewares of the app nor after them.
 *   https://github.com/socketio/socket.io/blob/main/packages/socket.io/lib/namespace.ts
 * - No option limits how fast a client may send, or tells how much waits to be sent to it.
 *   https://github.com/socketio/socket.io/blob/main/packages/engine.io/lib/socket.ts
 */
export function membersOf(socket: Socket): PrivateMembers {
  const { client, conn, nsp } = socket;
  const { server } = nsp;
  const { engine } = server;
  const { socket: webSocket } = transportOf(conn);
  return {
    'socket.io': [
      [nsp.constructor, '_add', '_doConnect', '_fns', '_onServerSideEmit', '_remove', 'emitReserved'],
      [server.constructor, '_nsps', '_opts', '_parser', 'encoder'],
      [client.constructor, 'nsps', 'sockets'],
      [socket.constructor, '_anyListeners', '_anyOutgoingListeners', '_cleanup', '_error', '_onclose', '_onerror'],
      [socket.constructor, 'ack', 'acks', 'emitReserved', 'fns', 'notifyOutgoingListeners', 'onack', 'onevent'],
      [socket.constructor, 'packet', 'registerAckCallback', 'run'],
    ],
    'engine.io': [
      [engine.constructor, '_applyMiddlewares', 'clients', 'createTransport', 'middlewares', 'ws'],
      [conn.request, '_query'],
      [conn.constructor, 'onClose', 'pingTimeoutTimer', 'sendPacket', 'writeBuffer'],
      [conn.transport.constructor, 'socket'],
      [engine['createTransport']?.('polling', conn.request).constructor, 'onClose', 'onPacket', 'shouldClose'],
    ],
    ws: [
      [webSocket?.constructor, '_receiver', '_socket'],
      [webSocket?._receiver?.constructor, '_totalPayloadLength'],
    ],
  };
}
