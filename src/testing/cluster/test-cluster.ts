import type { AppOptions, ClusterView } from '../app/running-app.js';
import type { NodeExit } from '../child/node-process.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { EventsMap } from '../client/events-map.js';
import type { TestClient } from '../client/test-client.js';
import { NodeGoneError } from '../child/agent-connection.js';
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
import { expectJoined, untilCounted } from './join-nodes.js';
import { sidesOf } from './sides.js';
import { SpreadClients, expectOneEntrance, type Entrance } from './spread-clients.js';
import type { AppNode } from './app-node.js';
import type { Network } from './backplane/backplane.js';
import type { NodeStarter, Version } from './node-starter.js';
import type { ClusterMember, ClusterNode } from './cluster-node.js';

const CLOSED = 'The cluster was closed before the node had started.';

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
  private readonly places: Node[] = [];
  /** Every node that was ever started. */
  private readonly all: Node[] = [];
  private readonly starting = new Set<Promise<Node>>();
  private started = 0;
  private connects = 0;
  private closing: Promise<void> | undefined;

  /** @internal Use `startTestCluster`. */
  constructor(
    private readonly starter: NodeStarter<Node>,
    /** How long each wait may take, in milliseconds. */
    readonly timeout: number,
    private readonly options: AppOptions & { readonly timelineEntries?: number },
  ) {
    this.timeline = new Timeline(options.timelineEntries);
    this.history = new History((how) => this.settle(how));
    this.view = {
      timeline: this.timeline,
      history: this.history,
      scene: {
        activity: new Activity(),
        connections: () => this.clients.flatMap(({ connections }) => connections),
        isIdle: async () => (await this.ofEach((member) => member.isIdle())).every(Boolean),
        elsewhere: async (asked) => (await this.ofEach((member) => member.elsewhere?.(asked) ?? [])).flat(),
        // A node that was always alone may have an adapter that asks nobody.
        crossNodes: async () => {
          if (this.all.length > 1) await this.ofEach((member) => member.fenceToNodes());
        },
        faults: () => this.starter.faults?.() ?? [],
        onRound: () => this.history.settling(),
      },
      everyone: () => this.clients.flatMap(({ everyone }) => everyone),
      receivers: () => this.clients.flatMap(({ receivers }) => receivers),
      spread: () => this.spread.names,
      errors: () => this.all.flatMap(({ logs }) => logs.errors),
      forgetClosed: () => this.forgetClosed(),
    };
    const observer = new NodeObservers(() => this.all.map(({ context }) => context.observer));
    const context = clientContext(this.view, { record: this.timeline.recorder(), observer }, options, timeout);
    this.spread = new SpreadClients(context, { ...options, timeout });
  }

  /** The nodes in their places. After `rollingRestart`, each place has another node. */
  get nodes(): readonly Node[] {
    return this.places;
  }

  /**
   * Connects a client as `TestApp.connect` does: to the given `node`, to each open node in turn, or `through` a balancer,
   * which decides the node.
   */
  async connect({ node, through, ...given }: ConnectOptions<ServerToClient> & Entrance = {}): Promise<
    TestClient<ServerToClient, ClientToServer>
  > {
    expectOneEntrance({ node, through });
    const place = node === undefined ? this.nextNode() : this.nodeAt(node);
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
    if (node !== undefined) return this.nodeAt(node).connectMany(count, options);
    const open = this.places.filter(({ isOpen }) => isOpen);
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
      () => this.places.filter(({ isOpen }) => isOpen),
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
    return roomAudience(this.all[0]!, name, namespace);
  }

  /** The clients of a namespace on all nodes, like `TestApp.namespace`. */
  namespace(name: string): Audience {
    return namespaceAudience(this.all[0]!, name);
  }

  /** Resolves when nothing is in flight on any node or between nodes. Otherwise like `TestApp.settle`. */
  settle(options: SettleOptions = {}): Promise<void> {
    return settleAs(this.options, this.view.scene, this.timeout, options);
  }

  /** Starts one more node, of another version if one is given. Resolves when all nodes see each other. */
  async addNode(version?: Version): Promise<Node> {
    const node = await this.startNode(version);
    this.places.push(node);
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
    for (const [place, old] of this.places.entries()) {
      const node = await this.startNode(version);
      await this.joined();
      this.places[place] = node;
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
    const sides = sidesOf(this.places, groups).map((side) => side.map(({ member }) => member));
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
    const nodes = this.openNodes.map(({ member }) => member);
    return expectJoined(nodes, () => this.view.scene.crossNodes!(), this.timeout);
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
      if (atOnce) this.places.push(...(await allStarted(Array.from({ length: count }, () => this.startNode()))));
      else while (this.places.length < count) this.places.push(await this.startNode());
      await this.joined();
      return this;
    } catch (error) {
      await this.close().catch(() => {});
      throw error;
    }
  }

  private get clients(): readonly Clients[] {
    return [...this.all.map(({ member }) => member.clients), ...this.spread.all];
  }

  private nodeAt(place: number): Node {
    const node = this.places[place];
    if (node) return node;
    throw new RangeError(`There is no node ${place}: this cluster has the nodes 0 to ${this.places.length - 1}.`);
  }

  /** The open node whose turn it is. */
  private nextNode(): Node {
    const open = this.places.filter(({ isOpen }) => isOpen);
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

  private get openNodes(): readonly Node[] {
    return this.all.filter(({ isOpen }) => isOpen);
  }

  /** Asks each node that has not ended. One that ends meanwhile gives no answer. */
  private async ofEach<T>(ask: (member: ClusterMember) => T | Promise<T>): Promise<T[]> {
    const asked = this.all
      .filter(({ member }) => !member.hasEnded())
      .map(async ({ member }) => {
        try {
          return [await ask(member)];
        } catch (error) {
          if (error instanceof NodeGoneError) return [];
          throw error;
        }
      });
    return (await Promise.all(asked)).flat(1) as T[];
  }

  private async startNode(version: Version = {}): Promise<Node> {
    if (this.closing) throw new Error(CLOSED);
    const starting = this.starter.start(this.started++, this.view, version).then((node) => {
      this.all.push(node);
      return node;
    });
    this.starting.add(starting);
    const node = await starting.finally(() => this.starting.delete(starting));
    // Its closing has waited for the node, and closes it.
    if (this.closing) throw new Error(CLOSED);
    return node;
  }

  /**
   * A node that closes leaves Redis without awaiting it. Until Redis knows, the other nodes would wait for its answer.
   * After the timeout, this gives up, for example when Redis is down.
   */
  private async forgetClosed(): Promise<void> {
    const nodes = this.openNodes.map(({ member }) => member);
    if (!this.closing) await untilCounted(nodes, (count) => count <= nodes.length, this.timeout);
  }

  private async closeAll(): Promise<void> {
    await this.history.end();
    await Promise.allSettled(this.starting);
    const problems = (await Promise.all(this.spread.all.map((clients) => clients.disconnect()))).flat();
    const closed = await Promise.allSettled(this.all.map(({ member }) => member.close()));
    closed.push(...(await Promise.allSettled(this.balancers.map((balancer) => balancer.close()))));
    closed.push(...(await Promise.allSettled([this.starter.close?.()])));
    problems.push(...closed.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : [])));
    if (problems.length > 0) throw new TeardownError(`The cluster of ${this.all.length} nodes`, problems);
  }
}

/** Waits for all, so that those that have started are known when one of them fails. */
async function allStarted<T>(starting: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(starting);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
