import {
  ConsoleLogger,
  type DynamicModule,
  type INestApplication,
  type LoggerService,
  type LogLevel,
  type NestApplicationOptions,
  type Type,
} from '@nestjs/common';
import { ApplicationConfig, type AbstractHttpAdapter } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import type { Server, ServerOptions } from '../../websocket/index.js';
import { observeCoverage } from '../coverage/observe-coverage.js';
import { Activity } from '../settle/activity.js';
import { AppStartError } from '../report/errors.js';
import { format } from '../report/format.js';
import { executionContext } from '../model/execution-context.js';
import { LogCapture } from '../observer/log-capture.js';
import { observeJobs } from '../observer/observe-jobs.js';
import { observeWork } from '../observer/observe-work.js';
import { ServerObserver } from '../observer/server-observer.js';
import { verifyPrivateMembers } from '../socket-io/private-members.js';
import { stretched } from '../timing/deadline.js';
import { Timeline } from '../timeline/timeline.js';
import type { ClusterView } from './running-app.js';
import { TestApp, type IdleCheck } from './test-app.js';
import { resolveStrict, type StrictOptions } from './strict.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { EventsMap } from '../client/events-map.js';

/** The module that `startTestApp` starts, as for `NestFactory.create`. */
export type AppModule = Type | DynamicModule;

export interface TestAppOptions {
  /** Replaces providers, guards, pipes, modules: `(builder) => builder.overrideProvider(Clock).useValue(fake)`. */
  override?(builder: TestingModuleBuilder): unknown;
  /** Your setup from `main.ts`, before the app listens: adapters, global pipes, CORS, a logger. */
  setup?(app: INestApplication): unknown;
  /**
   * The HTTP adapter, or a function that creates one: `() => new FastifyAdapter()`. An adapter serves only one app, so
   * several tests need the function.
   *
   * @default Express
   */
  httpAdapter?: AbstractHttpAdapter | (() => AbstractHttpAdapter);
  /** Options of the Socket.IO server. They override the app's own. */
  server?: Partial<ServerOptions>;
  /** Options for `NestFactory.create`, except `logger`. */
  application?: Omit<NestApplicationOptions, 'logger'>;
  /** Defaults for every `connect()`. */
  client?: ConnectOptions;
  /**
   * How long each wait may take, in milliseconds: for a connection, an event, an ack, or until the app settles.
   *
   * @default 3000
   */
  timeout?: number;
  /**
   * Whether `close()` fails when the app logs an entry of level `error` or `fatal` that the test does not declare as
   * expected. To declare it, call `app.logs.allowErrors()`, or assert it:
   * `expect(app).toHaveLogged('…', { level: 'error' })`.
   *
   * @default 'allow'; with the fixtures of `realtimeTest`, 'fail'
   */
  errorLogs?: 'allow' | 'fail';
  /**
   * Whether `close()` fails when the server refuses a client's event and the test does not declare that as expected.
   * The server refuses an event when a guard, a pipe, a handler or a middleware fails, or when there is no handler.
   * To declare a refusal, assert it, read its ack or `exception`, or call `app.allowRefusals()`.
   *
   * @default 'allow'; with the fixtures of `realtimeTest`, 'fail'
   */
  refusals?: 'allow' | 'fail';
  /**
   * Whether `close()`, and with the fixtures each test, fails on unread events, missing acks and clients that are still
   * connected.
   *
   * @default false
   */
  strict?: boolean | StrictOptions;
  /** Aborts every wait of the app and of its clients. */
  signal?: AbortSignal;
  /**
   * Whether `settle()` and negative assertions ignore streams that are still open, such as Observables.
   *
   * @default false
   */
  ignoreOpenStreams?: boolean;
  /**
   * Whether `settle()` and negative assertions also wait for timers that handlers, hooks, HTTP requests and the code
   * that they start do not await: `setTimeout`, also that of `node:timers/promises`. Nested timers count, and so do the
   * promises that continue when a timer fires.
   *
   * Four kinds of timers do not count: those that call `unref()` at once or have `{ ref: false }`; those of a faked
   * clock, which fire when the test advances it; those that the app starts on its own; and those of the transport
   * (Engine.IO, ws, Socket.IO's adapters, Redis clients). An interval counts until it is cleared. If it is never
   * cleared, `settle()` times out and names it.
   *
   * @default false
   */
  awaitTimers?: boolean;
  /**
   * Functions that return `true` when the app has nothing to do, for work that the harness cannot see: a queue, a
   * scheduler, a message consumer. `settle()` and negative assertions call them until all return `true`.
   *
   * @example
   * ```ts
   * startTestApp(AppModule, { idle: [(app) => app.get(JobQueue).isEmpty()] });
   * ```
   * @default none
   */
  idle?: readonly IdleCheck[];
  /**
   * How many entries `timeline` keeps. It keeps the latest ones; 0 turns it off.
   *
   * @default 10000
   */
  timelineEntries?: number;
  /**
   * Where log entries go in addition to `app.logs`: a logger, or the levels to print. A logger that `setup` passes to
   * `app.useLogger()` replaces this one.
   *
   * @default nowhere
   */
  logger?: LoggerService | LogLevel[];
}

export const DEFAULT_TIMEOUT = 3_000;

/**
 * Boots a real Nest app on 127.0.0.1 and a free port. It works with every app that has Socket.IO gateways, with or
 * without `WebsocketModule`.
 *
 * A test may fake the time of the app, with the timers of Vitest or Jest or with `mock.timers` of node:test, and skip
 * minutes at once. Heartbeats, transport upgrades and the timeouts of the harness stay on real time. Timers that
 * Socket.IO runs for the app use the faked time: `socket.timeout()`, `connectTimeout`, and how long connection state
 * recovery remembers a client. With Jest, do not fake `nextTick` and `queueMicrotask` (`doNotFake`).
 *
 * @example
 * ```ts
 * await using app = await startTestApp(AppModule);
 * const alice = await app.connect({ name: 'alice' });
 * ```
 * @throws AppStartError when the app does not compile or start; an app that compiled is closed again
 */
export async function startTestApp<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
  Namespaces extends object = object,
>(module: AppModule, options: TestAppOptions = {}): Promise<TestApp<ServerToClient, ClientToServer, Namespaces>> {
  return bootTestApp(module, options, {
    activity: new Activity(),
    timeline: new Timeline(options.timelineEntries),
  });
}

/** What the nodes of a cluster share. A single app has its own. */
export interface Surroundings {
  activity: Activity;
  timeline: Timeline;
  /** The index of this node in the cluster. */
  node?: number;
  /** What the nodes of a cluster share; absent for a single app. */
  cluster?: ClusterView;
  /** Called with each Socket.IO server, before gateways are bound to it. */
  onServer?: (server: Server) => void;
}

/** Boots an app that may share its activity and timeline with other nodes of a cluster. */
export async function bootTestApp<
  ServerToClient extends EventsMap,
  ClientToServer extends EventsMap,
  Namespaces extends object,
>(
  module: AppModule,
  options: TestAppOptions,
  { activity, timeline, cluster, node, onServer }: Surroundings,
): Promise<TestApp<ServerToClient, ClientToServer, Namespaces>> {
  if (typeof module !== 'function' && typeof module?.module !== 'function') {
    throw new TypeError(`Expected a module to start, a class or a dynamic module; got ${format(module)}.`);
  }
  await verifyPrivateMembers();
  const identity = {};
  const record = timeline.recorder(node);
  const log = LogCapture.install(identity, activity, record, loggerOf(options.logger));
  let stage = 'compiling the module';
  let nest: INestApplication | undefined;
  let observer: ServerObserver | undefined;
  const observers: (() => void)[] = [];
  const release = (): void => {
    for (const end of observers) end();
    log.release();
  };
  try {
    return await executionContext.run({ app: identity }, async () => {
      const builder = Test.createTestingModule({ imports: [module] }).setLogger(log.tee);
      options.override?.(builder);
      const compiled = await builder.compile();
      stage = 'setting the app up';
      const httpAdapter = typeof options.httpAdapter === 'function' ? options.httpAdapter() : options.httpAdapter;
      if (!httpAdapter) await requireExpress();
      nest = httpAdapter
        ? compiled.createNestApplication(httpAdapter, options.application)
        : compiled.createNestApplication(options.application);
      await options.setup?.(nest);
      log.adopt();
      observers.push(observeWork(identity, activity));
      observers.push(observeJobs(nest, { identity, activity, record }));
      stage = 'initialising the app';
      const coverage = observeCoverage(nest, timeline, node);
      const { onArrival } = coverage ?? {};
      observer = new ServerObserver({
        nest,
        identity,
        activity,
        record,
        isAlone: cluster === undefined,
        serverOptions: options.server,
        onServer,
        onArrival,
      });
      observer.install(adapterOf(nest));
      await nest.init();
      observer.observeHttp();
      stage = 'listening on 127.0.0.1';
      await nest.listen(0, '127.0.0.1');
      record({ kind: 'acted', what: 'the app listens' });
      return new TestApp<ServerToClient, ClientToServer, Namespaces>({
        nest,
        activity,
        timeline,
        record,
        observer,
        logs: log.capture,
        timeout: stretched(options.timeout ?? DEFAULT_TIMEOUT),
        signal: options.signal,
        client: options.client ?? {},
        cluster,
        ignoreOpenStreams: options.ignoreOpenStreams ?? false,
        awaitTimers: options.awaitTimers ?? false,
        idle: options.idle ?? [],
        errorLogs: options.errorLogs ?? 'allow',
        refusals: options.refusals ?? 'allow',
        strict: resolveStrict(options.strict),
        release: () => {
          release();
          coverage?.write();
        },
      });
    });
  } catch (error) {
    await nest?.close().catch(() => {});
    observer?.uninstall();
    release();
    const name = 'module' in module ? module.module.name : module.name;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppStartError(`${name} could not be started: ${stage} failed: ${reason}`, { cause: error });
  }
}

let hasExpress = false;

/** Without Express, Nest would log the missing package, which is not visible at this point, and exit the process. */
async function requireExpress(): Promise<void> {
  if (hasExpress) return;
  try {
    await import('@nestjs/platform-express');
    hasExpress = true;
  } catch (error) {
    throw new Error(
      'it needs an HTTP platform: install @nestjs/platform-express, or give another: { httpAdapter: new FastifyAdapter() }',
      { cause: error },
    );
  }
}

/** Sets the adapter early, so that it can be observed. By default it is the one that Nest would create. */
function adapterOf(nest: INestApplication): IoAdapter {
  const config = nest.get(ApplicationConfig);
  const adapter = (config.getIoAdapter() as IoAdapter | null) ?? new IoAdapter(nest.getHttpServer());
  config.setIoAdapter(adapter);
  return adapter;
}

function loggerOf(logger: TestAppOptions['logger']): LoggerService | undefined {
  return Array.isArray(logger) ? new ConsoleLogger({ logLevels: logger }) : logger;
}
