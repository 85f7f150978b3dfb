import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import type { Socket } from 'socket.io-client';
import type { Server } from '../../websocket/index.js';
import type { Activity } from '../settle/activity.js';
import { stretched } from '../timing/deadline.js';
import { now } from '../timing/real-time.js';
import { namespacesOf } from '../../websocket/socket-io/socket-internals.js';
import { parserOf } from '../socket-io/server-internals.js';
import { settleAs, type SettleOptions } from '../settle/settle.js';
import { TeardownError } from '../report/errors.js';
import { History } from '../history/history.js';
import { AppSubject } from '../matchers/app-subject.js';
import { namespaceAudience, roomAudience, type Audience } from '../matchers/audience.js';
import { explain } from '../matchers/failure-text/similar-events.js';
import { closeApp } from './close-app.js';
import { Clients, withoutUndefined } from './clients.js';
import type { ConnectManyOptions } from '../crowd/connect-many.js';
import type { Crowd } from '../crowd/crowd.js';
import type { ServerAddress } from '../client/connect-client.js';
import type { ClientFor, ConnectIn, EventsOf } from '../client/events.js';
import type { EventsMap } from '../client/events-map.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { ClientContext } from '../client/assertion-context.js';
import type { TestClient } from '../client/test-client.js';
import { startWorkload, type Workload, type WorkloadOptions } from '../workload/workload.js';
import type { RunningApp } from './running-app.js';
import { findLeftovers } from './leftovers.js';
import type { TupleOf } from './tuple-of.js';

/** Returns `true` when the app has nothing to do. */
export type IdleCheck = (app: TestApp) => boolean | Promise<boolean>;

/**
 * A real Nest app that listens on 127.0.0.1 and a free port, and the clients that a test connects to it.
 * Close it with `close()`, or declare it with `await using`.
 */
export class TestApp<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
  Namespaces extends object = object,
>
  extends AppSubject
  implements AsyncDisposable
{
  /** The Nest application. */
  readonly nest: INestApplication;
  /** The app's address: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;

  /** What the clients have said and heard, to be checked against guarantees. The nodes of a cluster share it. */
  readonly history: History<TestClient<ServerToClient, ClientToServer>>;

  /** @internal */
  readonly context: ClientContext<TestClient>;
  private readonly running: RunningApp<TestApp>;
  /** @internal The test's clients. */
  readonly ofTest: Clients;
  /** When the earlier tests that shared the app ended, in milliseconds of `performance.now()`. */
  private chapter = 0;
  private closing: Promise<void> | undefined;

  /** @internal Use `startTestApp`. */
  constructor(running: RunningApp<TestApp>) {
    super(running.logs, running.timeline, running.timeout);
    this.running = running;
    this.nest = running.nest;
    this.port = portOf(running.nest.getHttpServer());
    this.history = running.cluster?.history ?? new History((how = {}) => this.comeToRest(how));
    const secure = 'setSecureContext' in running.nest.getHttpServer();
    this.context = {
      ...running,
      signal: running.options.signal,
      settle: (options) => this.comeToRest(options),
      everyone: () => running.cluster?.everyone() ?? this.ofTest.everyone,
      receivers: () => running.cluster?.receivers() ?? this.ofTest.receivers,
      errors: () => running.cluster?.errors() ?? running.logs.errorsSince(this.chapter),
      since: () => this.chapter,
      explain,
      witnessFor: this.history.witnessFor(running.node),
    };
    this.ofTest = new Clients(this.context, { ...running.options, timeout: running.timeout });
    this.url = `${secure ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** Returns a provider of the app, from any module. */
  get<T>(token: Type<T> | string | symbol): T {
    return this.nest.get<T>(token, { strict: false });
  }

  /** The Socket.IO server that shares the app's port. */
  get io(): Server {
    return this.serverOf(0);
  }

  /**
   * Returns the Socket.IO server of the gateways that declare this port and path. Port 0 is the app's own port. If no
   * server on the port has this path, it returns the first one.
   *
   * @throws Error when the port has no server; it lists the ports that gateways declare
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
        : observer.gateways.length > 0 && ports.length > 0
          ? `Every gateway of this app has a port of its own: connect({ gatewayPort: ${ports[0]} }).`
          : 'This app has no Socket.IO gateway. Expected a provider decorated with @WebSocketGateway() in one of its modules.',
    );
  }

  /**
   * Declares refused events as expected, past and future ones: all of them, or those with this reason. The reason is
   * the server's own, not what it told the client. Other refusals fail the test if the option `refusals` is `'fail'`.
   * In an app that tests share, this applies until the end of the test.
   */
  allowRefusals(reason?: string | RegExp): void {
    this.running.observer.refusals.allow(reason);
  }

  /** @internal Every client that was not refused, including disconnected ones. */
  get opened(): Set<TestClient> {
    return this.ofTest.opened;
  }

  /** The connected clients, in the order in which they were opened. */
  get clients(): readonly TestClient<ServerToClient, ClientToServer>[] {
    return [...this.opened].filter(({ connected }) => connected);
  }

  /** The clients of a room, for assertions about who receives an event: those that were in it when it was sent. */
  room(name: string, { namespace = '/' }: { namespace?: string } = {}): Audience {
    return roomAudience(this, name, namespace);
  }

  /** The clients of a namespace. In an assertion: those that were connected to it when the event was sent. */
  namespace(name: string): Audience {
    return namespaceAudience(this, name);
  }

  /**
   * Connects a client and resolves when every `handleConnection` of the gateways has settled. By then the client has
   * received everything that they sent.
   *
   * @throws ConnectionRefusedError when the server refuses the client, with the server's reason
   * @throws HookError when a `handleConnection` throws or rejects
   * @throws DeadlineError when none of this happens in time
   */
  connect<Namespace extends string = '/'>(
    options?: ConnectIn<EventsOf<Namespaces, Namespace, ServerToClient, ClientToServer>, Namespace>,
  ): Promise<ClientFor<EventsOf<Namespaces, Namespace, ServerToClient, ClientToServer>>>;
  /** Connects `count` clients, one after the other. */
  connect<Count extends number, Namespace extends string = '/'>(
    count: Count,
    options?: Omit<ConnectIn<EventsOf<Namespaces, Namespace, ServerToClient, ClientToServer>, Namespace>, 'name'>,
  ): Promise<TupleOf<ClientFor<EventsOf<Namespaces, Namespace, ServerToClient, ClientToServer>>, Count>>;
  async connect(first: number | ConnectOptions = {}, options: ConnectOptions = {}): Promise<TestClient | TestClient[]> {
    if (this.closing) throw new Error('connect() was called on an app that is closed.');
    const connectOne = (given: ConnectOptions): Promise<TestClient> =>
      this.ofTest.connect(this.addressFor(given), given);
    if (typeof first !== 'number') return connectOne(first);
    const clients: TestClient[] = [];
    while (clients.length < first) clients.push(await connectOne(options));
    return clients;
  }

  /**
   * Connects many clients in a process of their own, so that they do not slow down the test. Assertions about the crowd
   * are about each of its clients. It resolves like `connect`, when every `handleConnection` has settled. What takes
   * longer than a second shows its progress on stderr.
   *
   * @example
   * ```ts
   * const crowd = await app.connectMany(1_000, { auth: (index) => ({ token: `t${index}` }) });
   * await crowd.emitWithAck('join', 'lobby');
   * alice.emit('say', 'hi');
   * await expect(crowd).toReceive('said', 'hi');
   * ```
   * @throws CrowdConnectionError when not all of them get connected, with the reasons
   * @throws RangeError when the number is not a whole number from 1
   */
  async connectMany(count: number, options: ConnectManyOptions = {}): Promise<Crowd<ServerToClient, ClientToServer>> {
    if (this.closing) throw new Error('connectMany() was called on an app that is closed.');
    return this.ofTest.connectMany([this.addressFor(options)], count, options);
  }

  /**
   * Adds a socket that the test did not connect, such as the one of the app's own front end. The timeline shows what it
   * sends and receives, `settle()` waits for it, and assertions work with it. What it has received before is not known,
   * so add it before it connects. It is disconnected when the app is closed.
   *
   * @param socket a socket of socket.io-client
   * @throws TypeError when the socket is already a client of the test, or is connected to another server
   */
  follow<Incoming extends EventsMap = ServerToClient, Outgoing extends EventsMap = ClientToServer>(
    socket: Socket<Incoming, Outgoing>,
    options: Pick<ConnectOptions, 'name' | 'timeout'> = {},
  ): TestClient<Incoming, Outgoing> {
    if (this.closing) throw new Error('follow() was called on an app that is closed.');
    return this.ofTest.follow(socket, options);
  }

  /**
   * Connects clients that say something, join and leave rooms, leave and lose their connections, in an order that
   * depends on the seed. `history` records it.
   */
  workload(
    options: WorkloadOptions<TestClient<ServerToClient, ClientToServer>>,
  ): Promise<Workload<TestClient<ServerToClient, ClientToServer>>> {
    return startWorkload(
      { connect: (how) => this.ofTest.connect(this.addressFor(how), how), history: this.history },
      options,
    );
  }

  /**
   * Resolves when nothing is in flight: everything sent has arrived, all handlers and hooks have finished, and what
   * they emitted has arrived. From then on `received` is exact.
   *
   * It also waits for work that a handler, a hook or an HTTP request starts and does not await, if Node itself ends it:
   * an immediate, a file operation, a DNS query, `fetch` and other HTTP requests until their response, zlib, crypto, a
   * child process, a worker thread until its first message. With `awaitTimers` it waits for timers too. It does not
   * wait for a reply on a connection that is already open, such as a database's: use the option `idle` for that.
   *
   * @throws SettleTimeoutError, which names what was still in flight
   */
  async settle({ timeout, ...options }: SettleOptions = {}): Promise<void> {
    await this.comeToRest({
      timeout: timeout === undefined ? this.timeout : stretched(timeout),
      ...options,
    });
    this.running.record({ kind: 'acted', what: 'the app has settled' });
  }

  /**
   * Disconnects the clients, awaits their `handleDisconnect`, and closes the app. Further calls return the same
   * promise.
   *
   * @throws TeardownError with everything that was left behind or did not end
   */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * @internal What the test left behind: assertions that it did not await, error logs and refusals that it did not
   * declare and, in strict mode, loose ends. Each error is reported once. Call it before the clients are disconnected.
   *
   * @param clients the test's own clients
   * @param since errors count from this time on, in milliseconds of `performance.now()`
   */
  async leftovers(clients: readonly TestClient[], since = 0, { ofTheseOnly = false } = {}): Promise<readonly Error[]> {
    await Promise.all(clients.map(({ connection }) => connection.releaseLink()));
    return findLeftovers(this.running, this.context, clients, since, ofTheseOnly);
  }

  /**
   * @internal Ends a test in an app that other tests continue to use: disconnects and removes its clients, and takes
   * back what it declared as expected.
   *
   * @param since when the test began, in milliseconds of `performance.now()`
   */
  async release(clients: readonly TestClient[], since: number): Promise<void> {
    // While other tests have clients in the app, a workload may be theirs.
    if (clients.length === this.opened.size) await this.history.end();
    const problems = await this.ofTest.disconnect(clients);
    for (const client of clients) this.opened.delete(client);
    // While other tests have clients in the app, the declarations may be theirs.
    if (this.opened.size === 0) {
      problems.push(...(await this.ofTest.disconnect()));
      this.ofTest.crowds.clear();
      this.ofTest.refused.clear();
      this.logs.takeBackAllowed(since);
      this.running.observer.refusals.takeBackAllowed(since);
      this.chapter = now();
      this.history.forget();
    }
    if (problems.length > 0) throw new TeardownError('The clients of this test', problems);
  }

  /** @internal Every Socket.IO server of the app. */
  get servers(): readonly Server[] {
    return this.running.observer.servers.map(({ server }) => server);
  }

  /** @internal Whether `close()` has not been called yet. */
  get isOpen(): boolean {
    return this.closing === undefined;
  }

  /** @internal */
  get activity(): Activity {
    return this.running.activity;
  }

  /** @internal Whether all checks of the option `idle` return true. */
  async isIdle(): Promise<boolean> {
    const answers = await Promise.all((this.running.options.idle ?? []).map(async (check) => check(this as TestApp)));
    return answers.every(Boolean);
  }

  private async closeOnce(): Promise<void> {
    if (!this.running.cluster) await this.history.end();
    const problems = await this.leftovers([...this.opened]);
    this.running.record({ kind: 'acted', what: 'the app is closed' });
    await closeApp(this.running, this.url, this.ofTest, problems);
  }

  /** @internal Like `settle`, but does not stretch the timeout. In a cluster, it waits for all nodes. */
  comeToRest(options: SettleOptions): Promise<void> {
    const { activity, cluster, options: defaults } = this.running;
    const scene = cluster?.scene ?? {
      activity,
      connections: () => this.ofTest.connections,
      isIdle: () => this.isIdle(),
      onRound: () => this.history.settling(),
    };
    return settleAs(defaults, scene, this.timeout, options);
  }

  /** @internal The address of the Socket.IO server that the options of a client ask for. */
  addressFor(given: Pick<ConnectOptions, 'gatewayPort' | 'path'>): ServerAddress {
    const { gatewayPort = 0, path } = { ...this.running.options.client, ...withoutUndefined(given) };
    const server = this.serverOf(gatewayPort, path);
    const url = new URL(this.url);
    if (gatewayPort !== 0) url.port = String(portOf(server.httpServer as HttpServer));
    return {
      url,
      path: server.path(),
      parser: parserOf(server),
      namespaces: () => namespacesOf(server).map(({ name }) => name),
    };
  }
}

function portOf(server: HttpServer): number {
  return (server.address() as AddressInfo).port;
}
