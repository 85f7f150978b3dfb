import type { ClusterView } from '../app/running-app.js';
import { NodeGoneError } from '../child/agent-connection.js';
import type { ClusterMember, ClusterNode } from './cluster-node.js';
import { expectJoined, untilCounted } from './join-nodes.js';
import type { NodeStarter, Version } from './node-starter.js';

/** The nodes of a cluster: starts, finds, asks and closes them. */
export class ClusterNodes<Node extends ClusterNode> {
  /** Every node that was ever started. */
  readonly all: Node[] = [];
  /** The nodes in their places, of which each has one node at a time. */
  readonly places: Node[] = [];
  private readonly starting = new Set<Promise<Node>>();
  private started = 0;
  private isClosing = false;

  constructor(
    private readonly starter: NodeStarter<Node>,
    /** How long each wait may take, in milliseconds. */
    private readonly timeout: number,
  ) {}

  /** The nodes in their places that nobody has ended. */
  get open(): readonly Node[] {
    return this.places.filter(({ isOpen }) => isOpen);
  }

  /** @throws RangeError when there is none */
  at(place: number): Node {
    const node = this.places[place];
    if (node) return node;
    throw new RangeError(`There is no node ${place}: this cluster has the nodes 0 to ${this.places.length - 1}.`);
  }

  /** Starts the first nodes, together if they are processes. Resolves when they see each other. */
  async startFirst(count: number, cluster: ClusterView, atOnce: boolean): Promise<void> {
    if (atOnce) this.places.push(...(await allStarted(Array.from({ length: count }, () => this.start(cluster)))));
    else while (this.places.length < count) this.places.push(await this.start(cluster));
    await this.joined();
  }

  /** Starts a node. It has no place yet. @throws Error when the cluster is closed meanwhile */
  async start(cluster: ClusterView, version: Version = {}): Promise<Node> {
    this.expectNotClosing();
    const starting = this.startOne(cluster, version);
    this.starting.add(starting);
    const node = await starting.finally(() => this.starting.delete(starting));
    // Its closing has waited for the node, and closes it.
    this.expectNotClosing();
    return node;
  }

  /** Asks each node that has not ended. One that ends meanwhile gives no answer. */
  async ask<T>(question: (member: ClusterMember) => T | Promise<T>): Promise<readonly T[]> {
    const asked = this.all
      .filter(({ member }) => !member.hasEnded())
      .map(async ({ member }) => {
        try {
          return [await question(member)];
        } catch (error) {
          if (error instanceof NodeGoneError) return [];
          throw error;
        }
      });
    return (await Promise.all(asked)).flatMap((answers) => answers);
  }

  /** Resolves when every node has received what the others have published. */
  async cross(): Promise<void> {
    // A node that was always alone may have an adapter that asks nobody.
    if (this.all.length > 1) await this.ask((member) => member.fenceToNodes());
  }

  /** @throws AppStartError when the nodes do not see each other in time */
  joined(): Promise<void> {
    return expectJoined(this.openMembers, () => this.cross(), this.timeout);
  }

  /**
   * A node that closes leaves Redis without awaiting it. Until Redis knows, the other nodes would wait for its answer.
   * After the timeout, this gives up, for example when Redis is down.
   */
  async forgetClosed(): Promise<void> {
    const members = this.openMembers;
    if (!this.isClosing) await untilCounted(members, (count) => count <= members.length, this.timeout);
  }

  /** Waits for those that are starting, and closes all. @returns how each ended */
  async close(): Promise<readonly PromiseSettledResult<void>[]> {
    await Promise.allSettled(this.starting);
    return Promise.allSettled(this.all.map(({ member }) => member.close()));
  }

  /** From now on, no node is started. */
  beginToClose(): void {
    this.isClosing = true;
  }

  private get openMembers(): readonly ClusterMember[] {
    return this.all.filter(({ isOpen }) => isOpen).map(({ member }) => member);
  }

  private async startOne(cluster: ClusterView, version: Version): Promise<Node> {
    const node = await this.starter.start(this.started++, cluster, version);
    this.all.push(node);
    return node;
  }

  private expectNotClosing(): void {
    if (this.isClosing) throw new Error('The cluster was closed before the node had started.');
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
