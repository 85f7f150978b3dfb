import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { ClusterView, RunningApp } from '../app/running-app.js';
import { TestApp } from '../app/test-app.js';
import type { NodeExit } from '../child/node-process.js';
import type { EventsMap } from '../client/events-map.js';
import type { TcpLink } from '../link/tcp-link.js';
import { countNodes } from '../observer/nodes.js';
import { withTimeout } from '../timing/deadline.js';
import { now } from '../timing/real-time.js';
import type { Backplane } from './backplane/backplane.js';
import type { ClusterMember, ClusterNode } from './cluster-node.js';

/** A node of a cluster that is an app in this process. */
export class AppNode<ServerToClient extends EventsMap = EventsMap, ClientToServer extends EventsMap = EventsMap>
  extends TestApp<ServerToClient, ClientToServer>
  implements ClusterNode<ServerToClient, ClientToServer>
{
  /** @internal */
  readonly member: ClusterMember;
  redisLink: TcpLink | undefined;
  /** @internal What joins it to the other nodes. */
  backplane: Backplane | undefined;
  private readonly connected = new Set<Socket>();
  private readonly cluster: ClusterView | undefined;
  private terminating: Promise<NodeExit> | undefined;
  private killing: Promise<NodeExit> | undefined;
  private closingNest: Promise<void> | undefined;
  private hasEnded = false;

  /** @internal Use `startTestCluster`. */
  constructor(running: RunningApp<TestApp>) {
    super(running);
    this.member = {
      node: running.node!,
      clients: this.ofTest,
      hasEnded: () => this.hasEnded || !super.isOpen,
      addressFor: (options) => this.addressFor(options),
      isIdle: () => this.isIdle(),
      fenceToNodes: async () => this.backplane?.fence(this.servers),
      countNodes: () => countNodes(this.servers),
      close: () => this.close(),
    };
    this.cluster = running.cluster;
    for (const server of this.httpServers) {
      server.on('connection', (socket: Socket) => {
        this.connected.add(socket);
        socket.once('close', () => this.connected.delete(socket));
      });
    }
  }

  override get isOpen(): boolean {
    return super.isOpen && !this.terminating && !this.killing;
  }

  /** Closes the app while its clients are connected, as Nest does on SIGTERM. */
  terminate(): Promise<NodeExit> {
    this.terminating ??= this.killing ?? this.end('SIGTERM', () => this.closeNest());
    return this.terminating;
  }

  /**
   * Cuts every connection of the node, to its clients and to the other nodes, without a drain. Its code goes on: only a
   * process of its own can be killed. Its shutdown hooks run, and are not waited for longer than the timeout.
   */
  kill(): Promise<NodeExit> {
    this.killing ??= this.end('SIGKILL', async () => {
      this.backplane?.leave();
      for (const socket of this.connected) socket.destroy();
      // What it does from here on cannot reach anybody.
      this.hasEnded = true;
      await withTimeout(
        this.closeNest().catch(() => {}),
        this.timeout,
      );
    });
    return this.killing;
  }

  /** Nest would run its shutdown hooks again. */
  private closeNest(): Promise<void> {
    this.closingNest ??= this.nest.close();
    return this.closingNest;
  }

  private get httpServers(): Set<HttpServer> {
    return new Set<HttpServer>([
      this.nest.getHttpServer() as HttpServer,
      ...this.servers.map(({ httpServer }) => httpServer as HttpServer),
    ]);
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL', close: () => Promise<unknown>): Promise<NodeExit> {
    const began = now();
    this.context.record({ kind: 'acted', what: `the node gets ${signal}` });
    await close().finally(() => (this.hasEnded = true));
    const duration = now() - began;
    await this.cluster?.forgetClosed();
    const isKilled = this.killing !== undefined;
    return { code: isKilled ? null : 0, signal: isKilled ? 'SIGKILL' : null, duration, lastLines: [] };
  }
}
