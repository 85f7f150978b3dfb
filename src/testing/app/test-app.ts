import { randomUUID } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import type { Server } from '../../websocket/index.js';
import type { Activity } from '../settle/activity.js';
import { EXPIRED, within } from '../settle/deadline.js';
import {
  LeftoverClientError,
  ConnectionRefusedError,
  DeadlineError,
  TeardownError,
  showEvent,
  showWork,
} from '../errors.js';
import type { LogCapture } from '../observer/log-capture.js';
import { explainRefusal } from './refusal.js';
import { CONNECT_HEADER } from '../observer/server-observer.js';
import type { ServerObserver } from '../observer/server-observer.js';
import { settle } from '../settle/settle.js';
import type { Link, Scene, SettleOptions } from '../settle/settle.js';
import { TestClient } from './test-client.js';
import type { ConnectOptions, EventsMap } from './test-client.js';

/** What `startTestApp` hands over to the app that it has started. */
export interface RunningApp {
  nest: INestApplication;
  activity: Activity;
  observer: ServerObserver;
  logs: LogCapture;
  /** In milliseconds. */
  timeout: number;
  client: ConnectOptions;
  /** Default of `settle`. */
  ignoreOpenStreams: boolean;
  /** What `settle` brings to rest, where that is more than this app. */
  scene?: Scene;
  /** What is left to do when the app is closed. */
  release(): void;
}

/** As many as are asked for: `connect(2)` gives `[TestClient, TestClient]`. */
type TupleOf<T, Count extends number, Tuple extends T[] = []> = number extends Count
  ? T[]
  : Tuple['length'] extends Count
    ? Tuple
    : TupleOf<T, Count, [...Tuple, T]>;

/**
 * A real Nest app, listening on 127.0.0.1 and a free port, and the clients that a test has connected to it.
 * It is closed by `close()`, or by the end of the block when it was declared with `await using`.
 */
export class TestApp<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
> implements AsyncDisposable {
  /** The Nest application. */
  readonly nest: INestApplication;
  /** The app's address, as `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /** What the app logged through Nest's `Logger`. */
  readonly logs: LogCapture;
  /** How long each wait may take, in milliseconds. */
  readonly timeout: number;

  private readonly running: RunningApp;
  private readonly openClients = new Set<TestClient<ServerToClient, ClientToServer>>();
  private connects = 0;
  private closing: Promise<void> | undefined;

  /** @internal `startTestApp` makes one. */
  constructor(running: RunningApp) {
    this.running = running;
    this.nest = running.nest;
    this.logs = running.logs;
    this.timeout = running.timeout;
    this.port = portOf(running.nest.getHttpServer());
    const secure = 'setSecureContext' in running.nest.getHttpServer();
    this.url = `${secure ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** A provider of the app, from whichever module. */
  get<T>(token: Type<T> | string | symbol): T {
    return this.nest.get<T>(token, { strict: false });
  }

  /** The Socket.IO server that shares the app's port. */
  get io(): Server {
    return this.serverOf(0);
  }

  /**
   * The Socket.IO server of the gateways that declare this port, 0 being the app's own, and this path.
   *
   * @throws Error that names the ports that gateways declare
   */
  serverOf(port: number, path?: string): Server {
    const { observer } = this.running;
    const servers = observer.servers.filter((known) => known.port === port).map(({ server }) => server);
    const server = servers.find((known) => known.path() === path) ?? servers[0];
    if (server) return server;
    const ports = [...new Set(observer.servers.map((known) => known.port))].filter((known) => known !== 0);
    throw new Error(
      port !== 0
        ? `No gateway declares port ${port}. Ports that gateways declare: ${ports.join(', ') || 'none'}.`
        : observer.hasGateways && ports.length > 0
          ? `Every gateway of this app has a port of its own: connect({ gatewayPort: ${ports[0]} }).`
          : 'This app has no Socket.IO gateway. Expected a provider decorated with @WebSocketGateway() in one of its modules.',
    );
  }

  /** The clients that are connected, in the order in which they came. */
  get clients(): readonly TestClient<ServerToClient, ClientToServer>[] {
    return [...this.openClients].filter(({ connected }) => connected);
  }

  /**
   * Connects a client and resolves when the gateways' `handleConnection` have settled; by then the client has
   * received all that they sent.
   *
   * @throws ConnectionRefusedError when the server did not let the client in, with the server's reason
   * @throws HookError when a `handleConnection` threw or rejected
   * @throws DeadlineError when none of this has happened in time
   */
  connect(options?: ConnectOptions<ServerToClient>): Promise<TestClient<ServerToClient, ClientToServer>>;
  /** Connects so many clients, one after the other. */
  connect<Count extends number>(
    count: Count,
    options?: Omit<ConnectOptions<ServerToClient>, 'name'>,
  ): Promise<TupleOf<TestClient<ServerToClient, ClientToServer>, Count>>;
  async connect(
    first: number | ConnectOptions<ServerToClient> = {},
    options: ConnectOptions<ServerToClient> = {},
  ): Promise<TestClient<ServerToClient, ClientToServer> | TestClient<ServerToClient, ClientToServer>[]> {
    if (typeof first !== 'number') return this.connectOne(first);
    const clients: TestClient<ServerToClient, ClientToServer>[] = [];
    while (clients.length < first) clients.push(await this.connectOne(options));
    return clients;
  }

  /**
   * Resolves when nothing moves any more: everything sent has arrived, all handlers and hooks have finished, and
   * what they emitted is here. From then on `received` is exact. What a handler started and did not await (a
   * timer, a forgotten promise), and what asynchronous listeners on the raw socket do, stays outside.
   *
   * @throws SettleTimeoutError that names what was still in flight
   */
  settle({ timeout = this.timeout, ...options }: SettleOptions = {}): Promise<void> {
    const { activity, scene = { activity, links: () => this.links() } } = this.running;
    return settle(scene, timeout, { ignoreOpenStreams: this.running.ignoreOpenStreams, ...options });
  }

  /**
   * Disconnects the clients, awaits their `handleDisconnect`, and closes the app. To call it again does nothing.
   *
   * @throws TeardownError with everything that was left behind, or did not come to an end
   */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal The connections that `settle` has to bring to rest. */
  links(): readonly Link[] {
    return [...this.openClients].filter(
      (client) => client.connected || client.socket.active || !client.agrees(),
    );
  }

  /** @internal Every Socket.IO server of the app. */
  get servers(): readonly Server[] {
    return this.running.observer.servers.map(({ server }) => server);
  }

  /** @internal Whether `close()` has not been called. */
  get isOpen(): boolean {
    return this.closing === undefined;
  }

  /** @internal */
  get activity(): Activity {
    return this.running.activity;
  }

  private async connectOne(
    given: ConnectOptions<ServerToClient>,
  ): Promise<TestClient<ServerToClient, ClientToServer>> {
    const { observer, activity } = this.running;
    const defaults = this.running.client as ConnectOptions<ServerToClient>;
    const {
      namespace = '/',
      until = 'handled',
      gatewayPort = 0,
      ...options
    }: ConnectOptions<ServerToClient> = { ...withoutUndefined(defaults), ...withoutUndefined(given) };
    if (this.closing) throw new Error('connect() was called on an app that is closed.');
    const server = this.serverOf(gatewayPort, options.path);
    const connectId = randomUUID();
    const name = options.name ?? `client-${(this.connects += 1)}`;
    const address = new URL(namespace.startsWith('/') ? namespace : `/${namespace}`, this.url);
    if (gatewayPort !== 0) address.port = String(portOf(server.httpServer as HttpServer));
    const context = {
      activity,
      observer,
      logs: this.logs,
      settle: (settling: SettleOptions) => this.settle(settling),
    };
    const client = new TestClient<ServerToClient, ClientToServer>(address.href, context, {
      path: server.path(),
      transports: ['websocket'],
      reconnection: false,
      timeout: this.timeout,
      ...options,
      extraHeaders: { ...defaults.extraHeaders, ...given.extraHeaders, [CONNECT_HEADER]: connectId },
      name,
    });
    const connected = activity.begin('connecting', { client: name });
    this.openClients.add(client);
    try {
      const error = await client.open();
      if (error === EXPIRED) {
        throw new DeadlineError(
          `${name} did not get connected to ${address.href}`,
          client.timeout,
          client.circumstances(),
        );
      }
      if (error) {
        const refusal = observer.handshakeRefusals.get(connectId);
        observer.handshakeRefusals.delete(connectId);
        throw explainRefusal(name, error, refusal, [...server._nsps.keys()]);
      }
      connected();
      if (until === 'handled') await this.untilHandled(client);
      return client;
    } catch (error) {
      await client.abandon();
      this.openClients.delete(client);
      throw error;
    } finally {
      connected();
    }
  }

  private async untilHandled(client: TestClient<ServerToClient, ClientToServer>): Promise<void> {
    const handled = await client.handled();
    client.throwFailedHook();
    if (handled === EXPIRED) {
      throw new DeadlineError(`handleConnection did not settle for ${client.name}`, client.timeout, {
        ...client.circumstances(),
        note: "A hook that waits for the client's messages needs connect({ until: 'connected' }).",
      });
    }
    if (client.connected) return;
    throw new ConnectionRefusedError(
      client.name,
      'gateway',
      client.disconnectReason ?? 'disconnected',
      undefined,
      {
        'was sent before': client.inbox.events.map(({ event, args }) => showEvent(event, args)),
      },
    );
  }

  private async closeAll(): Promise<void> {
    const { observer } = this.running;
    const problems: Error[] = [];
    const attempt = async (step: () => unknown): Promise<void> => {
      try {
        await step();
      } catch (error) {
        problems.push(error instanceof Error ? error : new Error(String(error)));
      }
    };
    await Promise.all([...this.openClients].map((client) => attempt(() => client.disconnect())));
    await attempt(() => this.expectNoSockets());
    await attempt(() => this.closeNest());
    await attempt(() => observer.uninstall());
    await attempt(() => this.running.release());
    for (const failure of observer.failures) problems.push(failure);
    if (problems.length > 0) throw new TeardownError(`The app at ${this.url}`, problems);
  }

  /** Whoever opened a client by other means has to close it: left behind, it would leak into the next test. */
  private async expectNoSockets(): Promise<void> {
    const { observer, activity, timeout } = this.running;
    // A client that was given up while it connected has left too; the server may notice a little later.
    await activity.until(
      () => observer.connected.every((socket) => observer.isForeign(socket)) || undefined,
      timeout,
    );
    const left = observer.connected;
    if (left.length === 0) return;
    for (const socket of left) socket.disconnect(true);
    await activity.until(() => activity.idle() || undefined, timeout);
    throw new LeftoverClientError(left.map(({ id, nsp }) => `${id} on namespace ${nsp.name}`));
  }

  private async closeNest(): Promise<void> {
    const { nest, activity, timeout } = this.running;
    // The test may have closed it already; Nest would run every shutdown hook again.
    if (!(nest.getHttpServer() as HttpServer).listening) return;
    const closed = nest.close();
    if ((await within(closed, timeout)) !== EXPIRED) return;
    const error = new DeadlineError('app.close() was to end', timeout, {
      'still in flight': activity.work.map(showWork),
      note: 'Its connections were cut. An HTTP request or an onModuleDestroy that never ends keeps an app open.',
    });
    (nest.getHttpServer() as HttpServer).closeAllConnections();
    await within(closed, timeout);
    throw error;
  }
}

/** An option that is set to `undefined` means its default. */
function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function portOf(server: HttpServer): number {
  return (server.address() as AddressInfo).port;
}
