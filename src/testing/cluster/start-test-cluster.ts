import { randomUUID } from 'node:crypto';
import { RedisBackplane, type Server } from '../../websocket/index.js';
import { Activity } from '../settle/activity.js';
import { EXPIRED, runningTime, stretched, withTimeout, type Expired } from '../timing/deadline.js';
import { AppStartError, TeardownError } from '../report/errors.js';
import { NODE_FENCE } from '../observer/server-observer.js';
import { nextTurn, setImmediate } from '../timing/real-time.js';
import type { Scene, SettleOptions } from '../settle/settle.js';
import { REDIS, type Fault } from '../timeline/kinds/faults.js';
import { Timeline } from '../timeline/timeline.js';
import { DEFAULT_TIMEOUT, bootTestApp, type AppModule, type TestAppOptions } from '../app/start-test-app.js';
import type { ClusterView } from '../app/running-app.js';
import type { TestApp } from '../app/test-app.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { EventsMap } from '../client/events-map.js';
import type { TestClient } from '../client/test-client.js';

export interface TestClusterOptions extends TestAppOptions {
  /** The number of nodes. @default 2 */
  nodes?: number;
  /**
   * The Redis that connects the nodes, whatever adapter the app has. `keyPrefix` separates this cluster from others on
   * the same Redis. Without it, each cluster gets a prefix of its own.
   *
   * @default none: the app connects its nodes itself, for example with `WebsocketModule.forRoot({ redis })`
   */
  redis?: {
    url: string;
    keyPrefix?: string;
    /** @internal Reports the faults that a test injects into a Redis of `startRedis`. */
    observe?: (listener: (fault: Fault) => void) => () => void;
  };
}

/**
 * Boots an app several times in this process, as nodes that are connected through Redis. What one node emits reaches
 * the clients of all nodes.
 *
 * @throws AppStartError when a node does not start, or the nodes do not see each other; nothing is left running
 */
export async function startTestCluster<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
>(
  module: AppModule,
  { nodes: count = 2, redis, ...options }: TestClusterOptions = {},
): Promise<TestCluster<ServerToClient, ClientToServer>> {
  const timeline = new Timeline(options.timelineEntries);
  const nodes: TestApp<ServerToClient, ClientToServer>[] = [];
  const backplanes: { close(): Promise<void> | void }[] = [];
  const open = (): readonly TestApp[] => nodes.filter(({ isOpen }) => isOpen);
  const scene: Scene = {
    activity: new Activity(),
    connections: () => nodes.flatMap((node) => node.connections()),
    isIdle: async () => (await Promise.all(open().map((node) => node.isIdle()))).every(Boolean),
    crossNodes: () => {
      const servers = open().flatMap((node) => node.servers);
      return Promise.all(servers.map((server) => server.serverSideEmitWithAck(NODE_FENCE)));
    },
  };
  const cluster = new TestCluster(nodes, timeline, backplanes, stretched(options.timeout ?? DEFAULT_TIMEOUT));
  const view: ClusterView = {
    scene,
    timeline,
    everyone: () => nodes.flatMap((known) => known.everyone),
    errors: () => nodes.flatMap(({ logs }) => logs.errors),
    forgetClosed: () => forgetClosed(open, cluster.timeout),
  };
  const record = timeline.recorder();
  const stopObserving = redis?.observe?.((fault) => record({ kind: 'faulted', subject: REDIS, fault }));
  if (stopObserving) backplanes.push({ close: stopObserving });
  const keyPrefix = redis?.keyPrefix ?? `test-${randomUUID()}`;
  try {
    for (let node = 0; node < count; node += 1) {
      const backplane = redis && (await RedisBackplane.open({ url: redis.url, keyPrefix }));
      if (backplane) backplanes.push(backplane);
      const onServer = (server: Server): void => {
        if (backplane) server.adapter(backplane.adapter);
        server.on(NODE_FENCE, (acknowledge: () => void) => setImmediate(acknowledge));
      };
      nodes.push(await bootTestApp(module, options, { node, onServer, cluster: view }));
      await backplane?.joined();
    }
    await cluster.expectJoined();
    return cluster;
  } catch (error) {
    await cluster.close().catch(() => {});
    throw error;
  }
}

/** The nodes of one app, in one process. Close it with `close()`, or declare it with `await using`. */
export class TestCluster<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
> implements AsyncDisposable {
  private connects = 0;
  private closing: Promise<void> | undefined;

  /** @internal Use `startTestCluster`. */
  constructor(
    /** Each node is a complete app, with its own port, providers, log entries and clients. */
    readonly nodes: readonly TestApp<ServerToClient, ClientToServer>[],
    /** What happened on all nodes, in order. */
    readonly timeline: Timeline,
    private readonly backplanes: readonly { close(): Promise<void> | void }[],
    /** How long each wait may take, in milliseconds. */
    readonly timeout: number,
  ) {}

  /** Connects a client like `TestApp.connect`: to the given `node`, or to each node in turn. */
  async connect({
    node = this.connects % this.nodes.length,
    ...options
  }: ConnectOptions<ServerToClient> & { node?: number; namespace?: string } = {}): Promise<
    TestClient<ServerToClient, ClientToServer>
  > {
    const app = this.nodes[node];
    if (!app)
      throw new RangeError(`There is no node ${node}: this cluster has the nodes 0 to ${this.nodes.length - 1}.`);
    this.connects += 1;
    return app.connect({ name: `client-${this.connects}`, ...options });
  }

  /** Resolves when nothing is in flight on any node or between nodes. Otherwise like `TestApp.settle`. */
  settle(options: SettleOptions = {}): Promise<void> {
    return this.nodes[0]!.comeToRest(options);
  }

  /** Closes every node, like `TestApp.close`, and their Redis connections. Further calls return the same promise. */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  async expectJoined(): Promise<void> {
    const deadline = runningTime() + this.timeout;
    let seen: (number | Expired)[];
    do {
      // The app's own adapter may still be subscribing.
      seen = await Promise.all(this.nodes.map((node) => withTimeout(countNodes(node), deadline - runningTime())));
      if (seen.every((count) => count !== EXPIRED && count >= this.nodes.length)) return;
      await nextTurn();
    } while (runningTime() < deadline);
    throw new AppStartError(
      `The ${this.nodes.length} nodes do not see each other: they count ${seen.map(showCount).join(', ')} of them. ` +
        'Give startTestCluster a redis: { url }, or let the app join its nodes: WebsocketModule.forRoot({ redis }).',
    );
  }

  private async closeAll(): Promise<void> {
    const closed = await Promise.allSettled(this.nodes.map((node) => node.close()));
    closed.push(...(await Promise.allSettled(this.backplanes.map(async (backplane) => backplane.close()))));
    const problems = closed.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    if (problems.length > 0) throw new TeardownError(`The cluster of ${this.nodes.length} nodes`, problems);
  }
}

/**
 * A node that closes leaves Redis without awaiting it. Until Redis knows, the other nodes would wait for its answer.
 *
 * @param timeout in milliseconds; after it, this gives up, for example when Redis is down
 */
async function forgetClosed(open: () => readonly TestApp[], timeout: number): Promise<void> {
  const deadline = runningTime() + timeout;
  while (open().length > 0 && runningTime() < deadline) {
    const counting = Promise.all(open().map(countNodes)).catch((): Expired => EXPIRED);
    const counts = await withTimeout(counting, deadline - runningTime());
    if (counts === EXPIRED || counts.every((count) => count <= open().length)) return;
    await nextTurn();
  }
}

function showCount(count: number | Expired): string {
  return count === EXPIRED ? 'none in time' : String(count);
}

/** How many nodes a node counts: the lowest count of its servers. */
async function countNodes(node: { readonly servers: readonly Server[] }): Promise<number> {
  return Math.min(...(await Promise.all(node.servers.map((server) => server.of('/').adapter.serverCount()))));
}
