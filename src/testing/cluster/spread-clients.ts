import { Clients, type ClientDefaults } from '../app/clients.js';
import type { ClientContext } from '../client/assertion-context.js';
import type { ServerAddress } from '../client/connect-client.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { TestClient } from '../client/test-client.js';

/** What clients connect through: a balancer, or a proxy of your own. */
export interface Proxy {
  readonly url: string;
}

/** How a client gets to a node of a cluster. */
export interface Entrance {
  /**
   * The node that it connects to.
   *
   * @default each in turn
   */
  node?: number;
  /**
   * What it connects through: the balancer of `startBalancer()`, or the address of your own proxy in front of the nodes,
   * which decides the node. It cannot be combined with `node`.
   */
  through?: Proxy;
}

/** @throws TypeError when both are given */
export function expectOneEntrance({ node, through }: Entrance): void {
  if (node === undefined || !through) return;
  throw new TypeError(`Expected either node or through; got node: ${node} and through: ${through.url}.`);
}

/** The clients of a cluster that belong to no node: crowds over several nodes, and clients that connect through a proxy. */
export class SpreadClients {
  /** By what they connect through; `undefined` if they connect to the nodes themselves. */
  private readonly byProxy = new Map<Proxy | undefined, Clients>();

  constructor(
    private readonly context: ClientContext<TestClient>,
    private readonly defaults: ClientDefaults,
  ) {}

  get all(): readonly Clients[] {
    return [...this.byProxy.values()];
  }

  /** The names of the clients and the crowds. */
  get names(): ReadonlySet<string> {
    return new Set(this.all.flatMap(({ receivers }) => receivers.map(({ name, crowd }) => crowd ?? name)));
  }

  /** The clients that connect through this. */
  of(proxy: Proxy | undefined): Clients {
    const known = this.byProxy.get(proxy);
    if (known) return known;
    const clients = new Clients(this.context, this.defaults);
    this.byProxy.set(proxy, clients);
    return clients;
  }

  /** Connects a client through a proxy that decides the node. */
  async connect(proxy: Proxy, address: ServerAddress, options: ConnectOptions): Promise<TestClient> {
    const client = await this.of(proxy).connect({ ...address, url: new URL(proxy.url) }, options);
    if (client.connection.serverEnd) return client;
    await client.disconnect();
    throw new TypeError(`${client.name} got connected through ${proxy.url}, but to no node of this cluster.`);
  }
}
