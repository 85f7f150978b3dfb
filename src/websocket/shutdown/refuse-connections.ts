import type { ServerResponse } from 'node:http';
import { type Connection, type EngineRequest, isHandshake } from '../socket-io/engine-internals.js';
import { errorAnswer, connectError } from '../errors/error-answer.js';
import { HandshakeRefusal, refuseHandshake } from '../handshake/handshake-refusal.js';
import { countNamespaces, namespacesOf } from '../socket-io/socket-internals.js';
import type { Namespace, Server } from '../socket-io/socket.io.js';

/** Why a client is turned away, or disconnected. */
export const SHUTTING_DOWN = { code: 'SHUTTING_DOWN', message: 'The server is shutting down; connect to another' };

/**
 * Turns away whoever comes to a server that is being left: new connections by HTTP 503, new namespaces of those that are
 * there by `connect_error`.
 *
 * @param retryAfter in seconds
 * @param onPoll a client that is there has asked by HTTP
 * @param onLate a connection was let in before, and comes now all the same
 */
export function refuseNewConnections(
  server: Server,
  retryAfter: number,
  onPoll: () => void,
  onLate: (connection: Connection) => void,
): void {
  const { engine } = server;
  const refusal = new HandshakeRefusal(503, SHUTTING_DOWN.code, SHUTTING_DOWN.message, retryAfter);
  engine.use((request: EngineRequest, response: ServerResponse, next: () => void) => {
    const isNew = isHandshake(request);
    if (!isNew) onPoll();
    if (!isNew || request.method === 'OPTIONS') next();
    else refuseHandshake(engine, request, response, refusal);
  });
  engine.on('connection', onLate);
  for (const namespace of namespacesOf(server)) refuseJoining(namespace);
  server.on('new_namespace', refuseJoining);
}

function refuseJoining(namespace: Namespace): void {
  namespace.use((socket, next) => {
    // One that was refused its only namespace would not connect anew by itself; one whose transport closes does.
    const refusal = errorAnswer(SHUTTING_DOWN.code, SHUTTING_DOWN.message);
    if (countNamespaces(socket) > 0) next(connectError(refusal, refusal));
    else socket.conn.close();
  });
}
