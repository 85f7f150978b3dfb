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

/** What `startTestApp` starts: a module, as it would be given to `NestFactory.create`. */
export type AppModule = Type | DynamicModule;

export interface TestAppOptions {
  /** Replaces providers, guards, pipes, modules: `(builder) => builder.overrideProvider(Clock).useValue(fake)`. */
  override?(builder: TestingModuleBuilder): unknown;
  /** Sets the app up before it listens, as `main.ts` does: adapters, global pipes, CORS, a logger. */
  setup?(app: INestApplication): unknown;
  /**
   * The HTTP adapter, or a function that makes one: `() => new FastifyAdapter()`. An adapter serves one app, so that
   * several tests need the function.
   *
   * @default Express
   */
  httpAdapter?: AbstractHttpAdapter | (() => AbstractHttpAdapter);
  /** Options of Socket.IO's server, laid over the app's own. */
  server?: Partial<ServerOptions>;
  /** Options as for `NestFactory.create`, but for the logger. */
  application?: Omit<NestApplicationOptions, 'logger'>;
  /** Defaults for every `connect()`. */
  client?: ConnectOptions;
  /**
   * How long each wait may take, in milliseconds: for a connection, an event, an ack, for the app to settle.
   *
   * @default 3000
   */
  timeout?: number;
  /**
   * Whether `close()` fails on an entry of level `error` or `fatal` that the test has not declared as expected, by
   * `app.logs.allowErrors()` or by expecting it: `expect(app).toHaveLogged('…', { level: 'error' })`.
   *
   * @default 'allow'; with the fixtures of `realtimeTest`, 'fail'
   */
  errorLogs?: 'allow' | 'fail';
  /**
   * Whether `close()` fails on an event of a client's that the server has refused and the test has not declared: a guard, a
   * pipe, a handler or a middleware threw, or there is no handler. Declared is one that a matcher names, whose ack or
   * `exception` the test has read, or that `app.allowRefusals()` allows.
   *
   * @default 'allow'; with the fixtures of `realtimeTest`, 'fail'
   */
  refusals?: 'allow' | 'fail';
  /**
   * Whether `close()`, and with the fixtures the end of each test, fails on what the test left behind.
   *
   * @default false
   */
  strict?: boolean | StrictOptions;
  /** Aborts every wait of the app and of its clients. */
  signal?: AbortSignal;
  /**
   * Lets every `settle()`, and every negative expectation, pass over streams that are still open.
   *
   * @default false
   */
  ignoreOpenStreams?: boolean;
  /**
   * Lets every `settle()`, and every negative expectation, wait for timers too that handlers, hooks, HTTP requests and
   * what they started have begun and not awaited: `setTimeout`, and that of `node:timers/promises`. Each nested one
   * counts, and the promises that go on when it has fired.
   *
   * Outside stay: timers that are off the event loop at once, by `unref()` or `{ ref: false }`; timers of a faked clock,
   * which fire when the test says so; what the app does by itself; and what carries the events (Engine.IO, ws, Socket.IO's
   * adapters, Redis clients). An interval is waited for until it is cleared: where it is not, `settle()` ends at its
   * deadline and says so.
   *
   * @default false
   */
  awaitTimers?: boolean;
  /**
   * Checks by which the app says whether it has anything to do, for what the harness cannot see: a queue, a scheduler, a
   * consumer of messages. `settle()`, and every negative expectation, asks all of them until each says `true`.
   *
   * @example
   * ```ts
   * startTestApp(AppModule, { idle: [(app) => app.get(JobQueue).isEmpty()] });
   * ```
   * @default none
   */
  idle?: readonly IdleCheck[];
  /**
   * How many entries `timeline` keeps, the latest ones; 0 turns it off.
   *
   * @default 10000
   */
  timelineEntries?: number;
  /**
   * Where log entries go beside `app.logs`: a logger, or levels to be printed. A logger that `setup` gives to
   * `app.useLogger()` gets them too.
   *
   * @default nowhere
   */
  logger?: LoggerService | LogLevel[];
}

export const DEFAULT_TIMEOUT = 3_000;

/**
 * Boots a real Nest app on 127.0.0.1 and a free port. It works with every app that has Socket.IO gateways,
 * whether or not it uses `WebsocketModule`.
 *
 * A test may fake the app's time, by the timers of Vitest or Jest or by `mock.timers` of node:test, and let minutes pass
 * at once: heartbeats and upgrades of the links, and each deadline of the harness, stay on real time. What Socket.IO
 * counts for the app, such as `socket.timeout()`, `connectTimeout` and the time that connection state recovery
 * remembers a client, goes by the app's time. Jest is to leave `nextTick` and `queueMicrotask` alone (`doNotFake`).
 *
 * @example
 * ```ts
 * await using app = await startTestApp(AppModule);
 * const alice = await app.connect({ name: 'alice' });
 * ```
 * @throws AppStartError when the app does not compile or does not come up; an app that compiled is closed again
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

/** What the nodes of a cluster share, and a single app has for itself. */
export interface Surroundings {
  activity: Activity;
  timeline: Timeline;
  /** Which node of the cluster this one is. */
  node?: number;
  /** Of a cluster, what its nodes have in common. */
  cluster?: ClusterView;
  /** Called with each Socket.IO server before anything is bound to it. */
  onServer?: (server: Server) => void;
}

/** Boots an app whose movements are counted together with those of others. */
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

/** Without Express Nest would log what is missing, where nobody sees it yet, and end the process. */
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

/** The adapter that Nest will use, installed early so that it can be observed: by default the one it would make. */
function adapterOf(nest: INestApplication): IoAdapter {
  const config = nest.get(ApplicationConfig);
  const adapter = (config.getIoAdapter() as IoAdapter | null) ?? new IoAdapter(nest.getHttpServer());
  config.setIoAdapter(adapter);
  return adapter;
}

function loggerOf(logger: TestAppOptions['logger']): LoggerService | undefined {
  return Array.isArray(logger) ? new ConsoleLogger({ logLevels: logger }) : logger;
}
