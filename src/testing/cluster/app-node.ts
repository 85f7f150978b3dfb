import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { ClusterView, RunningApp } from '../app/running-app.js';
import { TestApp } from '../app/test-app.js';
import type { NodeExit } from '../child/node-process.js';
import type { EventsMap } from '../client/events-map.js';
import type { TcpLink } from '../link/tcp-link.js';
import { countNodes } from '../observer/nodes.js';
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
  private ending: Promise<NodeExit> | undefined;

  /** @internal Use `startTestCluster`. */
  constructor(running: RunningApp<TestApp>) {
    super(running);
    this.member = {
      node: running.node!,
      clients: this.ofTest,
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
    return super.isOpen && !this.ending;
  }

  /** Closes the app while its clients are connected, as Nest does on SIGTERM. */
  terminate(): Promise<NodeExit> {
    this.ending ??= this.end('SIGTERM', () => this.nest.close());
    return this.ending;
  }

  /**
   * Cuts every connection of the node, to its clients and to the other nodes, without a drain. Its code goes on: only a
   * process of its own can be killed.
   */
  kill(): Promise<NodeExit> {
    this.ending ??= this.end('SIGKILL', async () => {
      this.backplane?.leave();
      for (const socket of this.connected) socket.destroy();
      // What it does from here on cannot reach anybody.
      await this.nest.close().catch(() => {});
    });
    return this.ending;
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
    await close();
    const duration = now() - began;
    await this.cluster?.forgetClosed();
    const isKilled = signal === 'SIGKILL';
    return { code: isKilled ? null : 0, signal: isKilled ? signal : null, duration, lastLines: [] };
  }
}
