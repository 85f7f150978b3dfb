import type { Server } from '../../../websocket/index.js';
import { inMemoryPackageOf, type AdapterClass } from '../../socket-io/in-memory-adapter.js';
import type { Backplane, Backplanes } from './backplane.js';
import { emitterAdapterOf } from './emitter-adapter.js';
import { EmitterBus } from './emitter-bus.js';
import { fenceToNodes } from '../../observer/nodes.js';

/** Joins the nodes of this process by an emitter, unless the app has an adapter of its own that joins them. */
export class EmitterBackplanes implements Backplanes {
  readonly network = new EmitterBus();
  private readonly installed = new WeakMap<Server, AdapterClass>();

  async open(node: number): Promise<Backplane> {
    return {
      install: (server) => this.install(server, node),
      joined: async () => {},
      fence: async (servers) => {
        // The app may have set an adapter of its own meanwhile.
        const others = servers.filter((server) => server.adapter() !== this.installed.get(server));
        await Promise.all([this.network.idle(), fenceToNodes(others)]);
      },
      leave: () => this.network.closeNode(node),
      close: async () => this.network.closeNode(node),
    };
  }

  private install(server: Server, node: number): void {
    const adapters = inMemoryPackageOf(server);
    if (!adapters) return;
    const recovers = server.adapter() === adapters.SessionAwareAdapter;
    const adapter = emitterAdapterOf(this.network, node, adapters, recovers);
    server.adapter(adapter);
    this.installed.set(server, adapter);
  }
}
