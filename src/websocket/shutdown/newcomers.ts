import type { ServerResponse } from 'node:http';
import { isHandshake } from '../handshake/engine-request.js';
import type { EngineRequest } from '../handshake/engine-request.js';
import { refuseHandshake } from '../handshake/handshake-refusal.js';
import { answer, connectError } from '../dispatch/error-answer.js';
import type { Namespace, Server, Socket } from '../socket.io.js';
import type { Connection } from '../engine-internals.js';

/** Why a client is turned away, or disconnected. */
export const SHUTTING_DOWN = {
  code: 'SHUTTING_DOWN',
  message: 'The server is shutting down; connect to another',
};

export interface NewcomersListener {
  /** A client that is there has asked by HTTP. */
  onPoll(): void;
  /** A connection was let in before, and comes now all the same. */
  onLate(connection: Connection): void;
}

/**
 * Turns away whoever comes to a server that is being left: new connections by HTTP 503, new namespaces of those that are
 * there by `connect_error`.
 *
 * @param retryAfter in seconds
 */
export function refuseNewcomers(server: Server, retryAfter: number, listener: NewcomersListener): void {
  const { engine } = server;
  engine.use((request: EngineRequest, response: ServerResponse, next: () => void) => {
    const isNew = isHandshake(request);
    if (!isNew) listener.onPoll();
    if (!isNew || request.method === 'OPTIONS') next();
    else refuseHandshake(engine, request, response, { status: 503, retryAfter, ...SHUTTING_DOWN });
  });
  engine.on('connection', (connection) => listener.onLate(connection));
  for (const namespace of server._nsps.values()) refuseJoining(namespace);
  server.on('new_namespace', refuseJoining);
}

function refuseJoining(namespace: Namespace): void {
  namespace.use((socket, next) => {
    // One that was refused its only namespace would not connect anew by itself; one whose transport closes does.
    if (hasJoinedOthers(socket)) next(connectError(answer(SHUTTING_DOWN.code, SHUTTING_DOWN.message)));
    else socket.conn.close();
  });
}

function hasJoinedOthers({ client }: Socket): boolean {
  return client['sockets'].size > 0;
}
