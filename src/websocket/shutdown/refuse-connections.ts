import type { ServerResponse } from 'node:http';
import { type Connection, type EngineRequest, isHandshake } from '../socket-io/engine-internals.js';
import { errorAnswer, connectError } from '../errors/error-answer.js';
import { HandshakeRefusal, refuseHandshake } from '../handshake/handshake-refusal.js';
import { countNamespaces, namespacesOf } from '../socket-io/socket-internals.js';
import type { Namespace, Server } from '../socket-io/socket.io.js';

/** What a client is told when it is refused or disconnected. */
export const SHUTTING_DOWN = { code: 'SHUTTING_DOWN', message: 'The server is shutting down; connect to another' };

/**
 * Refuses clients on a server that is being drained: new connections with HTTP 503, further namespaces of connected
 * clients with `connect_error`.
 *
 * @param retryAfter in seconds
 * @param onPoll called for each HTTP request of a connected client
 * @param onLate called for a connection that was accepted earlier but opens only now
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
    // A client that is refused its only namespace does not reconnect. A client whose transport closes does.
    const refusal = errorAnswer(SHUTTING_DOWN.code, SHUTTING_DOWN.message);
    if (countNamespaces(socket) > 0) next(connectError(refusal, refusal));
    else socket.conn.close();
  });
}
