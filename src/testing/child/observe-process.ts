import type { AddressInfo } from 'node:net';
import type { Server as HttpServer } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import { NestApplication } from '@nestjs/core';
import type { Server, Socket } from '../../websocket/index.js';
import { namespacesOf } from '../../websocket/socket-io/socket-internals.js';
import { executionContext } from '../model/execution-context.js';
import type { Refusal } from '../model/refused-event.js';
import { currentLogger } from '../nest/internals.js';
import { discoverGateways } from '../observer/gateways.js';
import { LogCapture, LogTee } from '../observer/log-capture.js';
import { answerNodeFences, countNodes, fenceToNodes } from '../observer/nodes.js';
import { observeApp } from '../observer/observe-app.js';
import type { ObservedSocket } from '../observer/observed-socket.js';
import { Refusals } from '../observer/refused-events.js';
import type { ServerObserver } from '../observer/server-observer.js';
import { Activity } from '../settle/activity.js';
import { observeFences, sendFenceToClient } from '../socket-io/fence.js';
import { offsetKindOf } from '../socket-io/recovery-offset.js';
import { connectionIdOf } from '../socket-io/server-internals.js';
import type { Happening } from '../timeline/entry.js';
import { withoutBulk } from '../timeline/timeline.js';
import { EXPIRED, type Expired } from '../timing/deadline.js';
import { nextTurn, now } from '../timing/real-time.js';
import { Answering } from './answering.js';
import type { Fact, Questions } from './facts.js';
import { TestPipe } from './test-pipe.js';
import { withTexts } from './with-texts.js';

/*
 * Observes the first Nest app of this process that has gateways, lets it listen on a free port of 127.0.0.1, and
 * reports to the test. The app runs as it does in production.
 */

/** Reports refusals; the test keeps them. */
class ReportedRefusals extends Refusals {
  override note(refusal: Omit<Refusal, 'at' | 'moment'>): void {
    report({ fact: 'refused', refusal });
  }
}

const identity = {};
const activity = new Activity();
const sockets = new Map<string, Socket>();
/** The disconnected ones. Their hooks may still run. */
const leaving = new Set<Socket>();
const connections = new Map<string, Socket['conn']>();
let observer: ServerObserver | undefined;
let recorded = 0;

const logs = new LogCapture(identity, activity, record, currentLogger());
const tee = LogTee.join(logs);

// oxlint-disable-next-line typescript/unbound-method -- called with the app below
const { init, listen } = NestApplication.prototype;

NestApplication.prototype.init = function observed(this: NestApplication) {
  if (observer || !hasGateways(this)) return init.call(this);
  return executionContext.run({ app: identity }, async () => {
    tee.adopt(logs);
    observer = observeApp(
      {
        nest: this,
        identity,
        activity,
        record,
        undo: [],
        isAlone: false,
        isApart: true,
        onServer,
        onSocket,
        onFailure: ({ hook, cause: error, isContained }, { id: socket }) =>
          report({ fact: 'failed', socket, hook, error, isContained }),
      },
      new ReportedRefusals(),
    );
    await init.call(this);
    observer.observeHttp();
    return this;
  });
};

NestApplication.prototype.listen = function listenOnFreePort(this: NestApplication, ...given: unknown[]) {
  if (!(observer ? observer.app.nest === this : hasGateways(this))) {
    report({ fact: 'no gateways' });
    return Reflect.apply(listen, this, given);
  }
  const callbacks = given.filter((argument) => typeof argument === 'function') as (() => void)[];
  return executionContext.run({ app: identity }, async () => {
    const server: HttpServer = await Reflect.apply(listen, this, [0, '127.0.0.1', ...callbacks]);
    reportListening(server);
    return server;
  });
} as typeof listen;

// An app that has ended ends its process, as it would without a test.
const pipe = new TestPipe().unref();

const test = new Answering<Fact, Questions>(
  pipe,
  {
    fence: ({ connection, id }) => {
      const conn = connections.get(connection);
      if (conn) sendFenceToClient(conn, id);
    },
    handled: async ({ socket, timeout }) => {
      const observed = observedOf(socket);
      return observed ? named(await observed.whenHandled({ timeout })) : true;
    },
    left: async ({ socket, timeout }) => {
      const left = (await observedOf(socket)?.whenLeft({ timeout })) ?? true;
      return named(left);
    },
    drop: (socket) => void sockets.get(socket)?.disconnect(true),
    quiet: async ({ timeout, ...options }) => {
      // A packet is dispatched several ticks after its arrival.
      await nextTurn();
      await activity.until(() => activity.idle(options) || undefined, timeout);
      forgetSockets();
      const pending = activity.pending(options).map((work) => ({ ...work, since: now() - work.since }));
      return { moves: activity.moves, pending };
    },
    crossNodes: () => fenceToNodes(servers()),
    countNodes: () => countNodes(servers()),
    told: () => {},
    namespaces: () => servers().flatMap((server) => namespacesOf(server).map(({ name }) => name)),
    refusal: async (id) => {
      const { message, context } = (await observer?.refusalOf(id)) ?? {};
      return message === undefined
        ? undefined
        : { message, context: context && { ...context, message: context.message } };
    },
  },
  { plain: withTexts },
);

function hasGateways(app: NestApplication): boolean {
  return discoverGateways(app).length > 0;
}

function named<T>(value: T | Expired): T | 'expired' {
  return value === EXPIRED ? 'expired' : value;
}

function servers(): readonly Server[] {
  return observer?.servers.map(({ server }) => server) ?? [];
}

function report(fact: Fact): void {
  test.tell(fact);
}

function record(happening: Happening, cause = executionContext.getStore()?.cause): number {
  // The test keeps no large values either.
  if ('args' in happening) happening.args = happening.args.map(withoutBulk);
  report({ fact: 'recorded', seq: (recorded += 1), happening, cause });
  return recorded;
}

function onServer(server: Server): void {
  answerNodeFences(server);
  server.engine.on('connection', (conn: Socket['conn']) => {
    const connection = connectionIdOf({ conn });
    connections.set(connection, conn);
    const crowd = observer?.handshakeRefusals.crowdOf(conn.request);
    report({ fact: 'opened', connection, crowd });
    observeFences(conn, (id) => report({ fact: 'fence', connection, id }));
    conn.on('close', () => {
      connections.delete(connection);
      report({ fact: 'closed', connection });
    });
  });
}

function onSocket(socket: Socket): void {
  sockets.set(socket.id, socket);
  socket.once('disconnect', () => leaving.add(socket));
  report({ fact: 'socket', socket: socket.id, connection: connectionIdOf(socket) });
}

/** Forgets the sockets that are disconnected and whose hooks have settled. */
function forgetSockets(): void {
  for (const socket of leaving) {
    if (observer?.of(socket)?.hooksSettled === false) continue;
    leaving.delete(socket);
    // A recovered session keeps the id.
    if (sockets.get(socket.id) === socket) sockets.delete(socket.id);
  }
}

function observedOf(socketId: string): ObservedSocket | undefined {
  const socket = sockets.get(socketId);
  return socket && observer?.of(socket);
}

function reportListening(http: HttpServer): void {
  const known = observer?.servers ?? [];
  report({
    fact: 'listening',
    url: urlOf(http),
    servers: known.map(({ port: gatewayPort, server }) => ({
      gatewayPort,
      url: urlOf(server.httpServer as HttpServer),
      path: server.path(),
      offsets: offsetKindOf(server.of('/')),
    })),
  });
}

function urlOf(server: HttpServer): string {
  const { port } = server.address() as AddressInfo;
  return `${server instanceof TlsServer ? 'https' : 'http'}://127.0.0.1:${port}`;
}
