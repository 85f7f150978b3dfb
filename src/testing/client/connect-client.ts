import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import { ConnectionRefusedError, DeadlineError } from '../report/errors.js';
import { CONNECT_HEADER, type HandshakeRefusal } from '../observer/handshake-refusals.js';
import { EXPIRED, withTimeout } from '../timing/deadline.js';
import { withSlash, type ConnectOptions } from './connect-options.js';
import { pollingInRealTime } from '../socket-io/polling-in-real-time.js';
import type { ClientContext } from './assertion-context.js';
import type { ClientIdentity } from './client-connection.js';
import { TestClient } from './test-client.js';
import { Link, type LinkIdentity } from '../link/link.js';
import { agentOf } from '../link/link-agent.js';
import { forgetSocket } from '../socket-io/client-internals.js';

/** The Socket.IO server that a client connects to. */
export interface ServerAddress {
  /** Without the namespace. */
  readonly url: URL;
  readonly path: string;
  /** The parser, if it is not Socket.IO's own. */
  readonly parser?: ConnectOptions['parser'];
  /** The existing namespaces. */
  namespaces(): readonly string[] | Promise<readonly string[]>;
}

/**
 * An app's clients. A new one is in `opened` at once, and moves to `refused` if it fails to connect: it may have
 * received events before.
 */
interface Clients {
  readonly opened: Set<TestClient>;
  readonly refused: Set<TestClient>;
}

/**
 * Connects a client, and waits as the option `until` says.
 *
 * @param options the options, including the app's defaults
 * @throws ConnectionRefusedError, HookError, DeadlineError as `TestApp.connect` does
 */
export async function connectClient(
  server: ServerAddress,
  context: ClientContext<TestClient>,
  { opened, refused }: Clients,
  { namespace = '/', until = 'handled', name, timeout, on, signal, ...options }: ConnectOptions & ClientIdentity,
): Promise<TestClient> {
  const connectId = randomUUID();
  const address = new URL(withSlash(namespace), server.url);
  const isPolling = (): boolean => socket.connected && socket.io.engine.transport.name === 'polling';
  const link = linkOf({ subject: `the link of ${name}`, client: name, record: context.record, isPolling }, options);
  const socket = options.connection
    ? openBeside(options.connection, withSlash(namespace), options, context)
    : io(address.href, {
        path: server.path,
        parser: server.parser,
        reconnection: false,
        ...options,
        agent: link ? (agentOf(link, address.protocol === 'https:') as never) : options.agent,
        transports: pollingInRealTime(options.transports ?? ['websocket']),
        extraHeaders: { ...options.extraHeaders, [CONNECT_HEADER]: connectId },
        forceNew: true,
        autoConnect: false,
        useNativeTimers: true,
      });
  const client = new TestClient(socket, context, { name, timeout, signal, link }, on);
  const connected = context.activity.begin('connecting', { client: name });
  opened.add(client);
  try {
    const error = await client.connection.open();
    if (error === EXPIRED) {
      const headline = `${name} did not get connected to ${address.href}`;
      throw new DeadlineError(headline, client.timeout, client.failureContext());
    }
    if (error)
      throw await explainRefusal(client, error, {
        refusal: () => context.observer.refusalOf(connectId),
        namespaces: () => server.namespaces(),
      });
    connected();
    if (until === 'handled') await untilHandled(client);
    return client;
  } catch (error) {
    if (error instanceof ConnectionRefusedError) {
      const { stage, reason, data } = error;
      context.record({ kind: 'refused', client: name, stage, reason, data });
    }
    await client.connection.abandon();
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
  namespace: string,
  options: ConnectOptions,
  context: ClientContext<TestClient>,
): Socket {
  const socket = manager.socket(namespace, options);
  const known = context.everyone().find((client) => client.socket === socket);
  if (!known) return socket;
  throw new TypeError(`${known.name} is in ${namespace} by the connection of ${name}: each namespace is joined once.`);
}

/** The link of a new client: none if its connection is opened by the test's own agent. */
function linkOf(identity: LinkIdentity, { connection, agent }: ConnectOptions): Link | undefined {
  if (connection) return connection.connection.link;
  return agent ? undefined : new Link(identity);
}

async function untilHandled(client: TestClient): Promise<void> {
  const handled = await client.connection.handled();
  client.connection.throwFailedHook();
  if (handled === EXPIRED) {
    throw new DeadlineError(`handleConnection did not settle for ${client.name}`, client.timeout, {
      note: "A hook that waits for the client's messages needs connect({ until: 'connected' }).",
      ...client.failureContext(),
    });
  }
  if (client.connected) return;
  const reason = client.disconnectReason ?? 'disconnected';
  throw new ConnectionRefusedError(client.name, 'gateway', reason, { received: client.inbox.events });
}

/** Socket.IO's `connect_error`. From a namespace it has `data`, from the handshake it has what the transport saw. */
interface ConnectError extends Error {
  data?: unknown;
  /** Set on Engine.IO's `TransportError`. */
  type?: string;
  /** The HTTP status of a polling request, or the event of a WebSocket that failed. */
  description?: number | { message?: string };
  /** The request of the polling transport. */
  context?: { responseText?: string };
}

/** How long the nodes may take to explain a refusal, in milliseconds. */
const TO_EXPLAIN = 1_000;

/** What the nodes know of a refusal. One that is gone or frozen does not answer. */
async function told<T>(ask: () => T | Promise<T>): Promise<T | undefined> {
  const answer = await withTimeout(
    (async () => ask())().catch(() => undefined),
    TO_EXPLAIN,
  );
  return answer === EXPIRED ? undefined : answer;
}

/** Creates a readable error from the client's error and what the server noted. */
async function explainRefusal(
  { name, namespace }: TestClient,
  error: ConnectError,
  ask: {
    readonly refusal: () => Promise<HandshakeRefusal | undefined>;
    /** The existing namespaces. */
    readonly namespaces: ServerAddress['namespaces'];
  },
): Promise<ConnectionRefusedError> {
  if (error.type !== 'TransportError') {
    const namespaces = error.message === 'Invalid namespace' ? await told(ask.namespaces) : undefined;
    return new ConnectionRefusedError(name, 'namespace', error.message, {
      namespace,
      data: error.data,
      details: { 'namespaces there are': namespaces?.join(', ') },
      cause: error,
    });
  }
  const { description } = error;
  const seen = typeof description === 'object' ? description.message : `HTTP status ${description ?? 'unknown'}`;
  const { message, context } = (await told(ask.refusal)) ?? {};
  // If `allowRequest` or an origin check gave an error, it is in the context.
  const noted = context?.message ?? context?.name ?? message;
  return new ConnectionRefusedError(name, 'handshake', noted ?? seen ?? error.message, {
    details: { 'the client was told': `${error.message}: ${seen}`, 'response body': error.context?.responseText },
    cause: error,
  });
}
