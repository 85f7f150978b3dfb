import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import type { Socket } from 'socket.io-client';
import type { Server } from '../../websocket/index.js';
import type { LogCapture } from '../observer/log-capture.js';
import type { Activity } from '../settle/activity.js';
import { stretched } from '../timing/deadline.js';
import { now } from '../timing/real-time.js';
import { namespaceOf } from '../socket-io/client-socket.js';
import { parserOf } from '../socket-io/server.js';
import { settle, type Link, type SettleOptions } from '../settle/settle.js';
import type { Timeline } from '../timeline/timeline.js';
import { TeardownError } from '../report/errors.js';
import { format } from '../report/format.js';
import { AppSubject } from '../matchers/app-subject.js';
import { Audience, type Belongs } from '../matchers/audience.js';
import { explain } from '../matchers/failure-text/similar-events.js';
import { closeApp } from './close-app.js';
import { connectClient } from '../client/connect-client.js';
import type { ClientFor, ConnectIn, EventsOf } from '../client/events.js';
import type { EventsMap } from '../client/events-map.js';
import { withSlash, type ConnectOptions } from '../client/connect-options.js';
import type { ClientContext } from '../client/assertion-context.js';
import { TestClient } from '../client/test-client.js';
import type { RunningApp } from './running-app.js';
import { findLeftovers } from './leftovers.js';

/** Whether an app has nothing to do. */
export type IdleCheck = (app: TestApp) => boolean | Promise<boolean>;

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
  Namespaces extends object = object,
>
  extends AppSubject
  implements AsyncDisposable
{
  /** The Nest application. */
  readonly nest: INestApplication;
  /** The app's address, as `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /** What the app logged through Nest's `Logger`. */
  readonly logs: LogCapture;
  /** All that happened, in order, and because of whom; of a cluster, on all its nodes. */
  readonly timeline: Timeline;
  /** How long each wait may take, in milliseconds. */
  readonly timeout: number;

  /** @internal */
  readonly context: ClientContext<TestClient>;
  private readonly running: RunningApp<TestApp>;
  /** @internal Every client that was let in, the disconnected ones too. */
  readonly opened = new Set<TestClient>();
  private readonly refused = new Set<TestClient>();
  private connects = 0;
  /** When the tests that shared the app before were done with it, in milliseconds of `performance.now()`. */
  private chapter = 0;
  private closing: Promise<void> | undefined;

  /** @internal `startTestApp` makes one. */
  constructor(running: RunningApp<TestApp>) {
    super();
    this.running = running;
    this.nest = running.nest;
    this.logs = running.logs;
    this.timeline = running.timeline;
    this.timeout = running.timeout;
    this.port = portOf(running.nest.getHttpServer());
    const secure = 'setSecureContext' in running.nest.getHttpServer();
    this.context = {
      ...running,
      settle: (options) => this.comeToRest(options),
      everyone: () => running.cluster?.everyone() ?? this.everyone,
      errors: () => running.cluster?.errors() ?? running.logs.errorsSince(this.chapter),
      refusalOf: (entry) => running.observer.refusals.reasonOf(entry),
      since: () => this.chapter,
      explain,
    };
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

  /**
   * Declares refused events as expected, those so far and those to come: all or, where it is given, those with this reason,
   * as the server knows it. Others make a test fail where `refusals` says so. In an app that tests share it holds to the
   * end of the test.
   */
  allowRefusals(reason?: string | RegExp): void {
    this.running.observer.refusals.allow(reason);
  }

  /** The clients that are connected, in the order in which they came. */
  get clients(): readonly TestClient<ServerToClient, ClientToServer>[] {
    return [...this.opened].filter(({ connected }) => connected);
  }

  /** The clients of a room, for assertions about who receives something: those that were in it when that was sent. */
  room(name: string, { namespace = '/' }: { namespace?: string } = {}): Audience {
    const words = namespace === '/' ? `room ${format(name)}` : `room ${format(name)} of ${namespace}`;
    const belongs: Belongs = (client, moment) =>
      client.namespace === withSlash(namespace) && client.link.wasIn(moment, name);
    return new Audience(this.context, words, belongs, this.timeout);
  }

  /** The clients of a namespace: in an assertion, those that were connected to it when the event was sent. */
  namespace(name: string): Audience {
    const belongs: Belongs = (client, moment) => client.namespace === withSlash(name) && client.link.wasIn(moment);
    return new Audience(this.context, `namespace ${withSlash(name)}`, belongs, this.timeout);
  }

  /**
   * Connects a client and resolves when the gateways' `handleConnection` have settled; by then the client has
   * received all that they sent.
   *
   * @throws ConnectionRefusedError when the server did not let the client in, with the server's reason
   * @throws HookError when a `handleConnection` threw or rejected
   * @throws DeadlineError when none of this has happened in time
   */
  connect<Namespace extends string = '/'>(
    options?: ConnectIn<EventsOf<Namespaces, Namespace, ServerToClient, ClientToServer>, Namespace>,
  ): Promise<ClientFor<EventsOf<Namespaces, Namespace, ServerToClient, ClientToServer>>>;
  /** Connects so many clients, one after the other. */
  connect<Count extends number, Namespace extends string = '/'>(
    count: Count,
    options?: Omit<ConnectIn<EventsOf<Namespaces, Namespace, ServerToClient, ClientToServer>, Namespace>, 'name'>,
  ): Promise<TupleOf<ClientFor<EventsOf<Namespaces, Namespace, ServerToClient, ClientToServer>>, Count>>;
  async connect(first: number | ConnectOptions = {}, options: ConnectOptions = {}): Promise<TestClient | TestClient[]> {
    if (this.closing) throw new Error('connect() was called on an app that is closed.');
    if (typeof first !== 'number') return this.connectOne(first);
    const clients: TestClient[] = [];
    while (clients.length < first) clients.push(await this.connectOne(options));
    return clients;
  }

  /**
   * Takes in a socket that the test did not connect, such as that of the app's own front end: what it sends and receives is
   * in the timeline, `settle()` waits for it, and assertions can be made about it. What it has received before is not
   * known, so that it is best given before it is connected. It leaves when the app is closed.
   *
   * @param socket of socket.io-client
   * @throws TypeError when it is a client of the test already, or connected to another server
   */
  follow<Incoming extends EventsMap = ServerToClient, Outgoing extends EventsMap = ClientToServer>(
    socket: Socket<Incoming, Outgoing>,
    { name, timeout }: Pick<ConnectOptions, 'name' | 'timeout'> = {},
  ): TestClient<Incoming, Outgoing> {
    if (this.closing) throw new Error('follow() was called on an app that is closed.');
    const known = this.context.everyone().find((client) => client.socket === (socket as unknown));
    if (known) throw new TypeError(`This socket is a client of the test already: ${known.name}.`);
    const client = new TestClient<Incoming, Outgoing>(socket, this.context, {
      ...this.identify(name, namespaceOf(socket), timeout),
      signal: this.running.signal,
    });
    this.opened.add(client);
    return client;
  }

  /**
   * Resolves when nothing moves any more: everything sent has arrived, all handlers and hooks have finished, and
   * what they emitted is here. From then on `received` is exact.
   *
   * What a handler, a hook or an HTTP request has started and does not await is waited for where Node itself ends it: an
   * immediate, a file, a DNS query, `fetch` and other HTTP requests up to their answer, zlib, crypto, a child process, a
   * worker thread up to its first message; timers where the app was started with `awaitTimers`. Outside stays what is
   * under way on a connection that is open already, such as a database's reply: of that an app can tell by `idle`.
   *
   * @throws SettleTimeoutError that names what was still in flight
   */
  async settle({ timeout, ...options }: SettleOptions = {}): Promise<void> {
    await this.comeToRest({
      timeout: timeout === undefined ? this.timeout : stretched(timeout),
      ...options,
    });
    this.running.record({ kind: 'acted', what: 'the app has settled' });
  }

  /**
   * Disconnects the clients, awaits their `handleDisconnect`, and closes the app. To call it again does nothing.
   *
   * @throws TeardownError with everything that was left behind, or did not come to an end
   */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * @internal What the test has left: expectations that were not awaited, errors that nobody has declared and, in
   * strict mode, loose ends. It is told once. To be asked before the clients are disconnected.
   *
   * @param clients the test's own
   * @param since from when on errors count, in milliseconds of `performance.now()`
   */
  leftovers(clients: readonly TestClient[], since = 0, { ofTheseOnly = false } = {}): Promise<readonly Error[]> {
    return findLeftovers(this.running, this.context, clients, since, ofTheseOnly);
  }

  /**
   * @internal Ends what a test has begun in an app that others go on to use: disconnects its clients, after which the
   * app knows them no longer, and takes back the errors that it has declared.
   *
   * @param since when the test began, in milliseconds of `performance.now()`
   */
  async release(clients: readonly TestClient[], since: number): Promise<void> {
    const left = await Promise.allSettled(clients.map((client) => client.disconnect()));
    for (const client of clients) this.opened.delete(client);
    // While other tests have clients in the app, what was declared may be theirs.
    if (this.opened.size === 0) {
      this.refused.clear();
      this.logs.takeBackAllowed(since);
      this.running.observer.refusals.takeBackAllowed(since);
      this.chapter = now();
    }
    const problems = left.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    if (problems.length > 0) throw new TeardownError('The clients of this test', problems);
  }

  /** @internal The connections that `settle` has to bring to rest. */
  links(): readonly Link[] {
    return Array.from(this.opened, ({ link }) => link).filter((link) => !link.isGone || !link.agrees());
  }

  /** @internal The clients that got anything, or may get it: those that were refused too. */
  get everyone(): readonly TestClient[] {
    return [...this.opened, ...this.refused];
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

  /** @internal What the checks of `idle` say. */
  async isIdle(): Promise<boolean> {
    const answers = await Promise.all(this.running.idle.map(async (check) => check(this as TestApp)));
    return answers.every(Boolean);
  }

  private async closeOnce(): Promise<void> {
    const problems = await this.leftovers([...this.opened]);
    this.running.record({ kind: 'acted', what: 'the app is closed' });
    await closeApp(this.running, this.url, this.opened, problems);
  }

  /** As `settle`, with a timeout that is stretched already. */
  private comeToRest({ timeout = this.timeout, ...options }: SettleOptions): Promise<void> {
    const { activity, cluster, ignoreOpenStreams, awaitTimers, signal } = this.running;
    const scene = cluster?.scene ?? { activity, links: () => this.links(), isIdle: () => this.isIdle() };
    return settle(scene, timeout, { ignoreOpenStreams, awaitTimers, signal, ...withoutUndefined(options) });
  }

  /** By their names failures and timelines tell clients apart: a further `alice` beside one that is there is `alice (2)`. */
  private uniqueName(name: string, namespace = '/'): string {
    const others = this.context.everyone().filter((one) => !one.isGone && one.namespace === withSlash(namespace));
    const taken = new Set(others.map((one) => one.name));
    if (!taken.has(name)) return name;
    let number = 2;
    while (taken.has(`${name} (${number})`)) number += 1;
    return `${name} (${number})`;
  }

  private identify(name?: string, namespace?: string, timeout?: number): { name: string; timeout: number } {
    return {
      name: this.uniqueName(name ?? `client-${(this.connects += 1)}`, namespace),
      timeout: timeout === undefined ? this.timeout : stretched(timeout),
    };
  }

  private async connectOne(given: ConnectOptions): Promise<TestClient> {
    const { observer, client: defaults } = this.running;
    const options = { ...withoutUndefined(defaults), ...withoutUndefined(given) };
    const { gatewayPort = 0, path } = options;
    const server = this.serverOf(gatewayPort, path);
    const url = new URL(this.url);
    if (gatewayPort !== 0) url.port = String(portOf(server.httpServer as HttpServer));
    return connectClient({
      url,
      server,
      observer,
      context: this.context,
      opened: this.opened,
      refused: this.refused,
      options: {
        parser: parserOf(server),
        ...options,
        ...this.identify(options.name, options.namespace, options.timeout),
        signal: options.signal ?? this.running.signal,
        extraHeaders: { ...defaults.extraHeaders, ...given.extraHeaders },
      },
    });
  }
}

/** An option that is set to `undefined` means its default. */
function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function portOf(server: HttpServer): number {
  return (server.address() as AddressInfo).port;
}
