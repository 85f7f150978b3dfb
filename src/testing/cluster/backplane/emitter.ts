import type { Server } from '../../../websocket/index.js';
import { inMemoryPackageOf } from '../../socket-io/in-memory-adapter.js';
import type { Backplane, Backplanes } from './backplane.js';
import { emitterAdapterOf } from './emitter-adapter.js';
import { EmitterBus } from './emitter-bus.js';
import { fenceToNodes } from '../../observer/nodes.js';

/** Joins the nodes of this process by an emitter, unless the app has an adapter of its own that joins them. */
export class EmitterBackplanes implements Backplanes {
  readonly network = new EmitterBus();
  private readonly joined = new WeakSet<Server>();

  async open(node: number): Promise<Backplane> {
    return {
      install: (server) => this.install(server, node),
      joined: async () => {},
      fence: async (servers) => {
        await Promise.all([this.network.idle(), fenceToNodes(servers.filter((server) => !this.joined.has(server)))]);
      },
      leave: () => this.network.closeNode(node),
      close: async () => this.network.closeNode(node),
    };
  }

  private install(server: Server, node: number): void {
    const adapters = inMemoryPackageOf(server);
    if (!adapters) return;
    const recovers = server.adapter() === adapters.SessionAwareAdapter;
    server.adapter(emitterAdapterOf(this.network, node, adapters, recovers));
    this.joined.add(server);
  }
}
