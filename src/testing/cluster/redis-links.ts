import { once } from 'node:events';
import { connect } from 'node:net';
import { AppStartError } from '../report/errors.js';
import { EXPIRED, stretched, withTimeout } from '../timing/deadline.js';
import { tcpAddressOf } from '../link/tcp-address.js';
import { openLink, type TcpLink } from '../link/tcp-link.js';
import { REDIS, type Fault } from '../timeline/kinds/faults.js';
import type { Timeline } from '../timeline/timeline.js';
import type { Network } from './backplane/backplane.js';

/** The Redis of a cluster: that of `startRedis`, or another one. */
export interface ClusterRedis {
  readonly url: string;
  /** @internal Reports the faults that a test injects into a Redis of `startRedis`. */
  observe?(listener: (fault: Fault) => void): () => void;
}

/** The ways of a cluster's nodes to their Redis: a link for each node. */
export class RedisLinks implements Network {
  private readonly links = new Map<number, TcpLink>();
  /** The nodes that a partition has cut off. */
  private cutOff: ReadonlySet<number> = new Set();
  private stopObserving: (() => void) | undefined;

  private constructor(private readonly redis: ClusterRedis) {}

  /** @returns `undefined` without a Redis, and with TLS: the address of a link is not the one in the certificate */
  static to(redis: ClusterRedis | undefined): RedisLinks | undefined {
    return redis && !redis.url.startsWith('rediss:') ? new RedisLinks(redis) : undefined;
  }

  /** Opens the link of a node. @throws AppStartError when Redis cannot be reached */
  async open(node: number, timeline: Timeline): Promise<TcpLink> {
    this.stopObserving ??= this.redis.observe?.((fault) =>
      timeline.recorder()({ kind: 'faulted', subject: REDIS, fault }),
    );
    if (this.links.size === 0) await expectReachable(this.redis.url);
    const subject = `the link of node ${node} to Redis`;
    const link = await openLink(this.redis.url, { subject, record: timeline.recorder(node) });
    this.links.set(node, link);
    return link;
  }

  /** What is wrong with the links, in words. */
  get faults(): readonly string[] {
    return [...this.links.values()].flatMap(({ faults }) => faults);
  }

  /** The nodes of all groups but the first lose Redis, and with it all other nodes. */
  async partition(_first: readonly number[], ...others: readonly (readonly number[])[]): Promise<void> {
    const before = this.cutOff;
    this.cutOff = new Set(others.flat());
    const changes = Array.from(this.links, async ([node, link]) => {
      if (this.cutOff.has(node)) await link.cut();
      else if (before.has(node)) await link.heal();
    });
    await Promise.all(changes);
  }

  async heal(): Promise<void> {
    this.cutOff = new Set();
    const faulty = [...this.links.values()].filter(({ faults }) => faults.length > 0);
    await Promise.all(faulty.map((link) => link.heal()));
  }

  async close(): Promise<void> {
    this.stopObserving?.();
    await Promise.all(Array.from(this.links.values(), (link) => link.close()));
  }
}

/** How long Redis may take to accept a connection, in milliseconds. */
const REACHABLE = 5_000;

/** A node that connects through a link would not learn why it cannot. */
async function expectReachable(url: string): Promise<void> {
  const { host, port } = tcpAddressOf(url);
  const socket = connect(port, host);
  try {
    const connected = await withTimeout(once(socket, 'connect'), stretched(REACHABLE));
    if (connected === EXPIRED) throw new Error('no answer');
  } catch (cause) {
    throw new AppStartError(`Redis at ${host}:${port} could not be reached (${(cause as Error).message}).`, { cause });
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}
