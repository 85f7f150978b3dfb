import type { Server } from '../../websocket/index.js';
import { Activity } from '../settle/activity.js';
import { EXPIRED, runningTime, stretched, withTimeout, type Expired } from '../timing/deadline.js';
import { AppStartError, TeardownError } from '../report/errors.js';
import { nextTurn } from '../timing/real-time.js';
import type { Scene, SettleOptions } from '../settle/settle.js';
import { Timeline } from '../timeline/timeline.js';
import { DEFAULT_TIMEOUT, bootTestApp, type AppModule, type TestAppOptions } from '../app/start-test-app.js';
import type { ClusterView } from '../app/running-app.js';
import type { TestApp } from '../app/test-app.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { EventsMap } from '../client/events-map.js';
import type { TestClient } from '../client/test-client.js';
import type { Backplane, Network } from './backplane/backplane.js';
import { installNodeFence } from './backplane/node-fence.js';
import { createBackplanes, type BackplaneOptions } from './backplane/open-backplanes.js';

export interface TestClusterOptions extends TestAppOptions, BackplaneOptions {
  /** The number of nodes. @default 2 */
  nodes?: number;
}

/**
 * Boots an app several times in this process, as nodes of a cluster: joined by an emitter, by an adapter of Socket.IO on
 * Redis, or by the app's own. What one node emits reaches the clients of all nodes.
 *
 * @throws AppStartError when a node does not start, or the nodes do not see each other; nothing is left running
 */
export async function startTestCluster<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
>(
  module: AppModule,
  { nodes: count = 2, redis, adapter, ...options }: TestClusterOptions = {},
): Promise<TestCluster<ServerToClient, ClientToServer>> {
  const timeline = new Timeline(options.timelineEntries);
  const nodes: TestApp<ServerToClient, ClientToServer>[] = [];
  const backplanes = createBackplanes({ redis, adapter });
  const opened: Backplane[] = [];
  const open = (): readonly TestApp[] => nodes.filter(({ isOpen }) => isOpen);
  const crossNodes = (): Promise<void> => backplanes.fence(open().flatMap((node) => node.servers));
  const scene: Scene = {
    activity: new Activity(),
    connections: () => nodes.flatMap((node) => node.connections()),
    isIdle: async () => (await Promise.all(open().map((node) => node.isIdle()))).every(Boolean),
    crossNodes,
  };
  const cluster = new TestCluster(
    nodes,
    timeline,
    opened,
    stretched(options.timeout ?? DEFAULT_TIMEOUT),
    backplanes.network,
  );
  const view: ClusterView = {
    scene,
    timeline,
    everyone: () => nodes.flatMap((known) => known.everyone),
    errors: () => nodes.flatMap(({ logs }) => logs.errors),
    forgetClosed: () => forgetClosed(open, cluster.timeout),
  };
  try {
    for (let node = 0; node < count; node += 1) {
      const backplane = await backplanes.open(node);
      opened.push(backplane);
      const onServer = (server: Server): void => {
        backplane.install(server);
        installNodeFence(server);
      };
      nodes.push(await bootTestApp(module, options, { node, onServer, cluster: view }));
      await backplane.joined();
    }
    await cluster.expectJoined(crossNodes);
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
    private readonly backplanes: readonly Backplane[],
    /** How long each wait may take, in milliseconds. */
    readonly timeout: number,
    private readonly network: Network | undefined,
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

  /**
   * Cuts the network between groups of nodes: `partition([0], [1, 2])`. What one group publishes to another is lost, and
   * each node counts only those of its group. Nodes in no group stay connected with each other.
   *
   * @throws Error when the nodes are not joined by the emitter
   */
  partition(...groups: readonly (readonly number[])[]): void {
    this.requireNetwork().partition(...groups);
  }

  /** Connects all nodes again. What was lost stays lost. */
  heal(): void {
    this.requireNetwork().heal();
  }

  private requireNetwork(): Network {
    if (this.network) return this.network;
    throw new Error('Only a network of the harness can be cut: start the cluster without redis and adapter.');
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
  async expectJoined(crossNodes: () => Promise<void>): Promise<void> {
    const deadline = runningTime() + this.timeout;
    const left = (): number => deadline - runningTime();
    let seen: (number | Expired)[];
    let isCounted = false;
    do {
      // The app's own adapter may still be subscribing.
      seen = await Promise.all(this.nodes.map((node) => withTimeout(countNodes(node), left())));
      isCounted = seen.every((count) => count !== EXPIRED && count >= this.nodes.length);
      const crossed = isCounted ? crossNodes().catch((): Expired => EXPIRED) : nextTurn(EXPIRED);
      if ((await withTimeout(crossed, left())) !== EXPIRED) return;
    } while (left() > 0);
    const [adapter] = this.nodes.flatMap(({ servers }) => servers.map((server) => server.sockets.adapter));
    throw new AppStartError(
      isCounted
        ? `The ${this.nodes.length} nodes do not answer each other's serverSideEmitWithAck(), without which settle() ` +
            `does not know what is in flight between them. Their adapter is ${adapter?.constructor.name}.`
        : `The ${this.nodes.length} nodes do not see each other: they count ${seen.map(showCount).join(', ')} of them. ` +
            `Their adapter is ${adapter?.constructor.name}. If the app sets none, startTestCluster joins the nodes: ` +
            'by an emitter, or as its options redis and adapter say.',
    );
  }

  private async closeAll(): Promise<void> {
    const closed = await Promise.allSettled(this.nodes.map((node) => node.close()));
    closed.push(...(await Promise.allSettled(this.backplanes.map((backplane) => backplane.close()))));
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
