import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import type { Server } from '../../websocket/index.js';
import { ConnectionRefusedError, DeadlineError } from '../report/errors.js';
import { CONNECT_HEADER } from '../observer/handshake-refusals.js';
import type { ServerObserver } from '../observer/server-observer.js';
import { EXPIRED } from '../timing/deadline.js';
import { withSlash, type ConnectOptions } from './connect-options.js';
import { pollingInRealTime } from '../socket-io/polling-in-real-time.js';
import { explainRefusal } from './refusal.js';
import type { ClientContext } from './assertion-context.js';
import { TestClient } from './test-client.js';
import { forgetSocket } from '../socket-io/client-socket.js';
import { namespacesOf } from '../socket-io/server.js';

/** A client to connect, and the server to connect it to. */
interface Connecting {
  /** The server's address, without the namespace. */
  url: URL;
  server: Server;
  observer: ServerObserver;
  context: ClientContext<TestClient>;
  /** The app's clients. This one is added at once, and removed if it fails to connect. */
  opened: Set<TestClient>;
  /** Clients that failed to connect. They may have received events before. */
  refused: Set<TestClient>;
  /** The options, including the app's defaults. */
  options: ConnectOptions & { name: string; timeout: number };
}

/**
 * Connects a client, and waits as the option `until` says.
 *
 * @throws ConnectionRefusedError, HookError, DeadlineError as `TestApp.connect` does
 */
export async function connectClient({
  url,
  server,
  observer,
  context,
  opened,
  refused,
  options: { namespace = '/', until = 'handled', name, timeout, on, signal, ...options },
}: Connecting): Promise<TestClient> {
  const connectId = randomUUID();
  const address = new URL(withSlash(namespace), url);
  const socket = options.connection
    ? openBeside(options.connection, { ...options, namespace }, opened)
    : io(address.href, {
        path: server.path(),
        reconnection: false,
        ...options,
        transports: pollingInRealTime(options.transports ?? ['websocket']),
        extraHeaders: { ...options.extraHeaders, [CONNECT_HEADER]: connectId },
        forceNew: true,
        autoConnect: false,
        useNativeTimers: true,
      });
  const client = new TestClient(socket, context, { name, timeout, signal }, on);
  const connected = context.activity.begin('connecting', { client: name });
  opened.add(client);
  try {
    const error = await client.link.open();
    if (error === EXPIRED) {
      const headline = `${name} did not get connected to ${address.href}`;
      throw new DeadlineError(headline, client.timeout, client.failureContext());
    }
    if (error) {
      const refusal = observer.handshakeRefusals.take(connectId);
      throw explainRefusal(name, client.namespace, error, refusal, [...namespacesOf(server).keys()]);
    }
    connected();
    if (until === 'handled') await untilHandled(client);
    return client;
  } catch (error) {
    if (error instanceof ConnectionRefusedError) {
      const { stage, reason, data } = error;
      context.record({ kind: 'refused', client: name, stage, reason, data });
    }
    await client.link.abandon();
    opened.delete(client);
    refused.add(client);
    if (options.connection) forgetSocket(socket, client.namespace);
    throw error;
  } finally {
    connected();
  }
}

/** Opens another namespace on an existing connection. */
function openBeside(
  { name, socket: { io: manager } }: TestClient,
  options: ConnectOptions,
  opened: ReadonlySet<TestClient>,
): Socket {
  const namespace = withSlash(options.namespace ?? '/');
  const socket = manager.socket(namespace, options);
  const known = [...opened].find((client) => client.socket === socket);
  if (known)
    throw new TypeError(
      `${known.name} is in ${namespace} by the connection of ${name}: each namespace is joined once.`,
    );
  return socket;
}

async function untilHandled(client: TestClient): Promise<void> {
  const handled = await client.link.handled();
  client.link.throwFailedHook();
  if (handled === EXPIRED) {
    throw new DeadlineError(`handleConnection did not settle for ${client.name}`, client.timeout, {
      note: "A hook that waits for the client's messages needs connect({ until: 'connected' }).",
      ...client.failureContext(),
    });
  }
  if (client.connected) return;
  const reason = client.disconnectReason ?? 'disconnected';
  throw new ConnectionRefusedError(client.name, { stage: 'gateway', reason, received: client.inbox.events });
}
