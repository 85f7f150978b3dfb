import type { AppOptions, ClusterView } from '../app/running-app.js';
import type { NodeExit } from '../child/node-process.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { EventsMap } from '../client/events-map.js';
import type { TestClient } from '../client/test-client.js';
import { History } from '../history/history.js';
import { startWorkload, type Workload, type WorkloadOptions } from '../workload/workload.js';
import { namespaceAudience, roomAudience, type Audience } from '../matchers/audience.js';
import { TeardownError } from '../report/errors.js';
import { Activity } from '../settle/activity.js';
import { settleAs, type SettleOptions } from '../settle/settle.js';
import { Timeline } from '../timeline/timeline.js';
import type { Clients } from '../app/clients.js';
import type { ConnectManyOptions } from '../crowd/connect-many.js';
import type { Crowd } from '../crowd/crowd.js';
import { NodeObservers } from '../observer/node-observers.js';
import { Balancer, type BalancerOptions } from './balancer.js';
import { clientContext } from './client-context.js';
import { untilCounted } from './join-nodes.js';
import { sidesOf } from './sides.js';
import { SpreadClients, expectOneEntrance, type Entrance } from './spread-clients.js';
import type { AppNode } from './app-node.js';
import type { Network } from './backplane/backplane.js';
import type { NodeStarter, Version } from './node-starter.js';
import type { ClusterNode } from './cluster-node.js';
import { ClusterNodes } from './cluster-nodes.js';

/** The nodes of one app. Close it with `close()`, or declare it with `await using`. */
export class TestCluster<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
  Node extends ClusterNode<ServerToClient, ClientToServer> = AppNode<ServerToClient, ClientToServer>,
> implements AsyncDisposable {
  /** What happened on all nodes, in order. */
  readonly timeline: Timeline;
  /** What the clients of all nodes have said and heard, to be checked against guarantees. */
  readonly history: History<TestClient<ServerToClient, ClientToServer>>;
  /** @internal */
  readonly view: ClusterView;
  private readonly spread: SpreadClients;
  private readonly balancers: Balancer[] = [];
  private readonly clusterNodes: ClusterNodes<Node>;
  private connects = 0;
  private closing: Promise<void> | undefined;

  /** @internal Use `startTestCluster`. */
  constructor(
    private readonly starter: NodeStarter<Node>,
    /** How long each wait may take, in milliseconds. */
    readonly timeout: number,
    private readonly options: AppOptions & { readonly timelineEntries?: number },
  ) {
    this.clusterNodes = new ClusterNodes(starter, timeout);
    this.timeline = new Timeline(options.timelineEntries);
    this.history = new History((how) => this.settle(how));
    this.view = {
      timeline: this.timeline,
      history: this.history,
      scene: {
        activity: new Activity(),
        connections: () => this.clients.flatMap(({ connections }) => connections),
        isIdle: async () => (await this.clusterNodes.ask((member) => member.isIdle())).every(Boolean),
        elsewhere: async (asked) => (await this.clusterNodes.ask((member) => member.elsewhere?.(asked) ?? [])).flat(),
        crossNodes: () => this.clusterNodes.cross(),
        faults: () => this.starter.faults?.() ?? [],
        onRound: () => this.history.settling(),
      },
      everyone: () => this.clients.flatMap(({ everyone }) => everyone),
      receivers: () => this.clients.flatMap(({ receivers }) => receivers),
      spread: () => this.spread.names,
      errors: () => this.clusterNodes.all.flatMap(({ logs }) => logs.errors),
      forgetClosed: () => this.clusterNodes.forgetClosed(),
    };
    const observer = new NodeObservers(() => this.clusterNodes.all.map(({ context }) => context.observer));
    const context = clientContext(this.view, { record: this.timeline.recorder(), observer }, options, timeout);
    this.spread = new SpreadClients(context, { ...options, timeout });
  }

  /** The nodes in their places. After `rollingRestart`, each place has another node. */
  get nodes(): readonly Node[] {
    return this.clusterNodes.places;
  }

  /**
   * Connects a client as `TestApp.connect` does: to the given `node`, to each open node in turn, or `through` a balancer,
   * which decides the node.
   */
  async connect({ node, through, ...given }: ConnectOptions<ServerToClient> & Entrance = {}): Promise<
    TestClient<ServerToClient, ClientToServer>
  > {
    expectOneEntrance({ node, through });
    const place = node === undefined ? this.nextNode() : this.clusterNodes.at(node);
    this.connects += 1;
    const options = { name: `client-${this.connects}`, ...given };
    if (!through) return place.connect(options);
    const untyped = options as ConnectOptions;
    return this.spread.connect(through, place.member.addressFor(untyped), untyped);
  }

  /**
   * Connects many clients in a process of their own, as `TestApp.connectMany` does: to the given `node`, spread evenly
   * over the nodes, or `through` a balancer, which decides the nodes.
   */
  async connectMany(
    count: number,
    { node, through, ...options }: ConnectManyOptions & Entrance = {},
  ): Promise<Crowd<ServerToClient, ClientToServer>> {
    expectOneEntrance({ node, through });
    if (node !== undefined) return this.clusterNodes.at(node).connectMany(count, options);
    const { open } = this.clusterNodes;
    if (open.length === 0) throw new Error('connectMany() was called on a cluster without an open node.');
    const addresses = open.map(({ member }) => member.addressFor(options));
    const targets = through ? addresses.map((one) => ({ ...one, url: new URL(through.url) })) : addresses;
    return this.spread.of(through).connectMany(targets, count, options);
  }

  /**
   * Starts a load balancer in front of the nodes. Clients connect through it by `connect({ through: balancer })`. It is
   * closed with the cluster, or earlier by its `close()`.
   *
   * @example
   * ```ts
   * await using balancer = await cluster.startBalancer({ sticky: false });
   * await expect(cluster.connect({ through: balancer, transports: ['polling'] })).toBeRefused('Session ID unknown');
   * ```
   */
  async startBalancer({ sticky = true }: BalancerOptions = {}): Promise<Balancer> {
    const balancer: Balancer = new Balancer(
      () => this.clusterNodes.open,
      sticky,
      () => this.spread.of(balancer).disconnect(),
    );
    await balancer.listen();
    this.balancers.push(balancer);
    return balancer;
  }

  /** Begins a workload like `TestApp.workload`, with clients on each node in turn. */
  workload(
    options: WorkloadOptions<TestClient<ServerToClient, ClientToServer>>,
  ): Promise<Workload<TestClient<ServerToClient, ClientToServer>>> {
    const connect = (how: ConnectOptions): Promise<TestClient<ServerToClient, ClientToServer>> =>
      this.connect(how as ConnectOptions<ServerToClient>);
    return startWorkload({ connect, history: this.history }, options);
  }

  /** The clients of a room on all nodes, like `TestApp.room`. */
  room(name: string, { namespace = '/' }: { namespace?: string } = {}): Audience {
    return roomAudience(this.clusterNodes.all[0]!, name, namespace);
  }

  /** The clients of a namespace on all nodes, like `TestApp.namespace`. */
  namespace(name: string): Audience {
    return namespaceAudience(this.clusterNodes.all[0]!, name);
  }

  /** Resolves when nothing is in flight on any node or between nodes. Otherwise like `TestApp.settle`. */
  settle(options: SettleOptions = {}): Promise<void> {
    return settleAs(this.options, this.view.scene, this.timeout, options);
  }

  /** Starts one more node, of another version if one is given. Resolves when all nodes see each other. */
  async addNode(version?: Version): Promise<Node> {
    const node = await this.clusterNodes.start(this.view, version);
    this.clusterNodes.places.push(node);
    await this.joined();
    return node;
  }

  /**
   * Replaces one node after the other, as a deployment does: starts a new node, waits until the others see it, and then
   * terminates the old one.
   *
   * @param version the version of the new nodes
   * @returns how each old node ended
   */
  async rollingRestart(version?: Version): Promise<readonly NodeExit[]> {
    const exits: NodeExit[] = [];
    const { places } = this.clusterNodes;
    for (const [place, old] of places.entries()) {
      const node = await this.clusterNodes.start(this.view, version);
      await this.joined();
      places[place] = node;
      exits.push(await old.terminate());
    }
    return exits;
  }

  /**
   * Cuts the network between groups of nodes: `partition([0], [1, 2])`. Nodes in no group are one more group. What one
   * group publishes is lost for the others. On Redis, the largest group keeps Redis, and the nodes of the other groups
   * lose it. Resolves when the nodes of the largest group see each other and no other node.
   *
   * @throws RangeError when the groups have no two sides
   * @throws Error when the harness does not know the network, or nodes still see each other across the cut
   */
  async partition(...groups: readonly (readonly number[])[]): Promise<void> {
    const { network } = this;
    const sides = sidesOf(this.nodes, groups).map((side) => side.map(({ member }) => member));
    await network.partition(...sides.map((side) => side.map(({ node }) => node)));
    const [largest = []] = sides;
    const counts = await untilCounted(largest, (count) => count === largest.length, this.timeout);
    if (counts === true) return;
    throw new Error(
      `${largest.length} of the nodes were to see each other and no other node; they count ${counts.join(', ')}. ` +
        'Do they reach each other by another way than the harness knows, such as another address of Redis?',
    );
  }

  /** Connects all nodes again, and resolves when they see each other. What was lost stays lost. */
  async heal(): Promise<void> {
    await this.network.heal();
    await this.joined();
  }

  /**
   * Resolves when all nodes see each other, for example after Redis was away.
   *
   * @throws AppStartError when they do not in time
   */
  joined(): Promise<void> {
    return this.clusterNodes.joined();
  }

  /** Closes every node, like `TestApp.close`, and what they share. Further calls return the same promise. */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal Starts the first nodes, together if they are processes. */
  async startAll(count: number, atOnce: boolean): Promise<this> {
    try {
      await this.clusterNodes.startFirst(count, this.view, atOnce);
      return this;
    } catch (error) {
      await this.close().catch(() => {});
      throw error;
    }
  }

  private get clients(): readonly Clients[] {
    return [...this.clusterNodes.all.map(({ member }) => member.clients), ...this.spread.all];
  }

  /** The open node whose turn it is. */
  private nextNode(): Node {
    const { open } = this.clusterNodes;
    const node = open[this.connects % open.length];
    if (node) return node;
    throw new Error('connect() was called on a cluster without an open node.');
  }

  private get network(): Network {
    if (this.starter.network) return this.starter.network;
    throw new Error(
      'The harness cannot cut the network between these nodes, which it does not know. It knows that of nodes with the ' +
        'option redis, if the Redis is without TLS, and that of apps in this process with neither redis nor adapter.',
    );
  }

  private async closeAll(): Promise<void> {
    this.clusterNodes.beginToClose();
    await this.history.end();
    const problems = (await Promise.all(this.spread.all.map((clients) => clients.disconnect()))).flat();
    const closed = [...(await this.clusterNodes.close())];
    closed.push(...(await Promise.allSettled(this.balancers.map((balancer) => balancer.close()))));
    closed.push(...(await Promise.allSettled([this.starter.close?.()])));
    problems.push(...closed.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : [])));
    if (problems.length > 0) throw new TeardownError(`The cluster of ${this.clusterNodes.all.length} nodes`, problems);
  }
}
