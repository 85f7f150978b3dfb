import { Agent } from 'node:http';
import { Socket as TcpSocket } from 'node:net';
import { io, type Socket as ClientSocket } from 'socket.io-client';
import type { Socket } from '../../websocket/index.js';
import { requireMembers, type PrivateMembers } from '../../websocket/errors/unknown-internals.js';
import { loadedPackages } from './in-memory-adapter.js';
import { NEST_MEMBERS } from '../nest/internals.js';
import { connectionInMemory } from '../../websocket/socket-io/connection-in-memory.js';

let verified: Promise<void> | undefined;

/**
 * Checks, once per process, that all private members that the harness uses exist.
 *
 * @throws UnknownInternalsError if one is missing
 */
export function verifyPrivateMembers(): Promise<void> {
  verified ??= connectionInMemory().then((socket) =>
    requireMembers({ ...NEST_MEMBERS, ...membersOf(socket, openNowhere('websocket'), openNowhere('polling')) }),
  );
  return verified;
}

/** Opens a client on a TCP socket that never connects. All parts of the client exist nevertheless. */
export function openNowhere(transport: 'websocket' | 'polling'): ClientSocket {
  const agent = Object.assign(new Agent(), { createConnection: () => new TcpSocket() });
  const client = io('http://localhost', {
    agent: agent as never,
    transports: [transport],
    // Socket.IO would keep its manager, and give it to a test that connects to the same address.
    forceNew: true,
    autoConnect: false,
    reconnection: false,
  });
  client.io.open();
  return client;
}

/**
 * The private members of both ends of a connection that the harness uses. No documented API shows which packets a client
 * sends, what is in transit, or when a middleware has refused an event. No option gives heartbeats another clock.
 */
export function membersOf(socket: Socket, client: ClientSocket, polling: ClientSocket): PrivateMembers {
  const { conn, nsp } = socket;
  const { io: manager } = client;
  const { engine } = manager;
  return {
    'socket.io': [
      [nsp.server.constructor, '_nsps', '_opts'],
      [nsp.constructor, '_onServerSideEmit'],
      [socket.constructor, 'run'],
    ],
    'socket.io-adapter': loadedPackages().map(({ SessionAwareAdapter }) => [SessionAwareAdapter, 'packets'] as const),
    'engine.io': [
      [conn.constructor, '_maybeUpgrade', 'id', 'pingIntervalTimer', 'pingTimeoutTimer', 'resetPingTimeout'],
      [conn.constructor, 'schedulePing', 'sendPacket'],
    ],
    'socket.io-client': [
      [manager.constructor, '_packet', '_readyState', 'nsps'],
      [client.constructor, '_drainQueue', '_queue', 'emitEvent', 'flags', 'nsp'],
    ],
    '@socket.io/component-emitter': [[Object.getPrototypeOf(client.constructor) as object, 'emitReserved']],
    'engine.io-client': [
      [engine.constructor, '_hasPingExpired', '_sendPacket', 'id'],
      [engine.transport.constructor, 'ws'],
      [pollOf(polling)?.constructor, '_xhr'],
    ],
  };
}

/** The request by which a client polls at the moment. */
function pollOf({ io: { engine } }: ClientSocket): object | undefined {
  return (engine.transport as object as { pollXhr?: object }).pollXhr;
}
