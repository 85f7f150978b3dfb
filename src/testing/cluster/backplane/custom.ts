import type { Namespace, Server } from '../../../websocket/index.js';
import { inMemoryPackageOf, type Adapter, type AdapterClass } from '../../socket-io/in-memory-adapter.js';
import type { Backplane, Backplanes } from './backplane.js';
import { namespacesOf } from '../../../websocket/socket-io/socket-internals.js';
import { fenceToNodes } from '../../observer/nodes.js';

/** A class of adapters, or a function that creates one, like the result of `createAdapter()` of Socket.IO's packages. */
export type AdapterFactory = (new (namespace: Namespace) => Adapter) | ((namespace: Namespace) => object);

/**
 * Creates the adapter of a node. To close something with the node, return `close` too.
 *
 * @param keyPrefix different for each cluster; it separates those that share something, such as a Redis
 * @param redisUrl the way of the node to the Redis of the option `redis`, on which the test injects faults; without
 *   the option, the empty string
 */
export type CreateAdapter = (
  node: number,
  keyPrefix: string,
  redisUrl: string,
) => CreatedAdapter | Promise<CreatedAdapter>;

export type CreatedAdapter = AdapterFactory | { readonly adapter: AdapterFactory; close?(): unknown };

/** Joins the nodes by an adapter of the user's own. */
export class CustomBackplanes implements Backplanes {
  constructor(
    private readonly createAdapter: CreateAdapter,
    private readonly keyPrefix: string,
  ) {}

  async open(node: number, redisUrl: string): Promise<Backplane> {
    const created = await this.createAdapter(node, this.keyPrefix, redisUrl);
    return new CustomBackplane(typeof created === 'function' ? { adapter: created } : created);
  }
}

class CustomBackplane implements Backplane {
  readonly fence = fenceToNodes;
  /** What each server had before. */
  private readonly inMemory = new Map<Server, AdapterFactory | undefined>();
  private closed: Promise<void> | undefined;

  constructor(private readonly custom: Exclude<CreatedAdapter, AdapterFactory>) {}

  install(server: Server): void {
    this.inMemory.set(server, inMemoryPackageOf(server)?.Adapter);
    server.adapter(constructible(this.custom.adapter));
  }

  async joined(): Promise<void> {}

  /** Nothing else can silence an adapter at once: with others in their place, its adapters have nothing to send. */
  leave(): void {
    for (const [server, adapter] of this.inMemory) {
      for (const namespace of namespacesOf(server)) void namespace.adapter.close();
      if (adapter) server.adapter(constructible(adapter));
    }
    void this.close();
  }

  close(): Promise<void> {
    this.closed ??= (async () => void (await this.custom.close?.()))();
    // Whoever closes the cluster gets the error.
    this.closed.catch(() => {});
    return this.closed;
  }
}

/** Socket.IO calls an adapter with `new`, which an arrow function does not allow. */
function constructible(adapter: AdapterFactory): AdapterClass {
  if (adapter.prototype) return adapter as AdapterClass;
  return function create(namespace: Namespace) {
    return (adapter as (namespace: Namespace) => object)(namespace);
  } as object as AdapterClass;
}
