import {
  ConsoleLogger,
  type DynamicModule,
  type INestApplication,
  type LoggerService,
  type LogLevel,
  type NestApplicationOptions,
  type Type,
} from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import type { Server, ServerOptions } from '../../websocket/index.js';
import { observeCoverage } from '../coverage/coverage-observer.js';
import { Activity } from '../settle/activity.js';
import { AppStartError } from '../report/errors.js';
import { format } from '../report/format.js';
import { executionContext } from '../model/execution-context.js';
import { LogCapture, LogTee } from '../observer/log-capture.js';
import type { ObservedApp } from '../observer/observed-app.js';
import { observeApp } from '../observer/observe-app.js';
import { verifyPrivateMembers } from '../socket-io/private-members.js';
import { stretched } from '../timing/deadline.js';
import { Timeline } from '../timeline/timeline.js';
import type { AppOptions, ClusterView, RunningApp } from './running-app.js';
import { TestApp } from './test-app.js';
import type { EventsMap } from '../client/events-map.js';

/** The module that `startTestApp` starts, as for `NestFactory.create`. */
export type AppModule = Type | DynamicModule;

export interface TestAppOptions extends AppOptions<TestApp> {
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
  /**
   * How long each wait may take, in milliseconds: for a connection, an event, an ack, or until the app settles.
   *
   * @default 3000
   */
  timeout?: number;
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
  return bootTestApp(module, options);
}

/** What an app needs to be a node of a cluster. `node` is its index. */
export interface NodeOfCluster {
  readonly node: number;
  /** What the nodes of a cluster share. */
  readonly cluster: ClusterView;
  /** Called with each Socket.IO server before anything is bound to it. */
  readonly onServer: (server: Server) => void;
}

/** Boots an app that may share its activity and timeline with other nodes of a cluster. */
export async function bootTestApp<App extends TestApp = TestApp>(
  module: AppModule,
  options: TestAppOptions,
  { cluster, node, onServer }: Partial<NodeOfCluster> = {},
  /** The class of the app. */
  App: new (running: RunningApp<TestApp>) => App = TestApp as never,
): Promise<App> {
  if (typeof module !== 'function' && typeof module?.module !== 'function') {
    throw new TypeError(`Expected a module to start, a class or a dynamic module; got ${format(module)}.`);
  }
  await verifyPrivateMembers();
  const { activity } = cluster?.scene ?? { activity: new Activity() };
  const timeline = cluster?.timeline ?? new Timeline(options.timelineEntries);
  const identity = {};
  const record = timeline.recorder(node);
  const logs = new LogCapture(identity, activity, record, loggerOf(options.logger));
  const tee = LogTee.join(logs);
  let stage = 'compiling the module';
  let nest: INestApplication | undefined;
  const undo = [() => tee.leave(logs)];
  const release = (): void => {
    const errors: unknown[] = [];
    for (const end of undo.splice(0)) {
      try {
        end();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  };
  try {
    return await executionContext.run({ app: identity }, async () => {
      const builder = Test.createTestingModule({ imports: [module] }).setLogger(tee);
      options.override?.(builder);
      const compiled = await builder.compile();
      stage = 'setting the app up';
      const httpAdapter = typeof options.httpAdapter === 'function' ? options.httpAdapter() : options.httpAdapter;
      if (!httpAdapter) await requireExpress();
      nest = httpAdapter
        ? compiled.createNestApplication(httpAdapter, options.application)
        : compiled.createNestApplication(options.application);
      await options.setup?.(nest);
      tee.adopt(logs);
      stage = 'initialising the app';
      const coverage = observeCoverage(nest, timeline, node);
      const observed: ObservedApp = {
        nest,
        identity,
        activity,
        record,
        undo,
        isAlone: cluster === undefined,
        serverOptions: options.server,
        onServer,
        onArrival: coverage?.onArrival,
      };
      const observer = observeApp(observed);
      await nest.init();
      observer.observeHttp();
      stage = 'listening on 127.0.0.1';
      await nest.listen(0, '127.0.0.1');
      record({ kind: 'acted', what: 'the app listens' });
      undo.push(() => coverage?.write());
      return new App({
        nest,
        activity,
        timeline,
        record,
        observer,
        logs,
        timeout: stretched(options.timeout ?? DEFAULT_TIMEOUT),
        cluster,
        node,
        options: { ...options },
        release,
      });
    });
  } catch (error) {
    await nest?.close().catch(() => {});
    release();
    const name = 'module' in module ? module.module.name : module.name;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppStartError(`${name} could not be started: ${stage} failed: ${reason}`, { cause: error });
  }
}

/** Without Express, Nest would log the missing package, which is not visible at this point, and exit the process. */
async function requireExpress(): Promise<void> {
  try {
    await import('@nestjs/platform-express');
  } catch (error) {
    throw new Error(
      'it needs an HTTP platform: install @nestjs/platform-express, or give another: { httpAdapter: new FastifyAdapter() }',
      { cause: error },
    );
  }
}

function loggerOf(logger: TestAppOptions['logger']): LoggerService | undefined {
  return Array.isArray(logger) ? new ConsoleLogger({ logLevels: logger }) : logger;
}
