import type { Namespace } from '../../../websocket/index.js';
import type { Adapter, AdapterClass } from '../../socket-io/in-memory-adapter.js';
import type { Backplane, Backplanes } from './backplane.js';
import { fenceToNodes } from '../../observer/nodes.js';

/** A class of adapters, or a function that creates one, like the result of `createAdapter()` of Socket.IO's packages. */
export type AdapterFactory = (new (namespace: Namespace) => Adapter) | ((namespace: Namespace) => object);

/**
 * Creates the adapter of a node. `keyPrefix` is different for each cluster, and separates those that share something,
 * such as a Redis. To close something with the cluster, return `close` too.
 */
export type CreateAdapter = (node: number, keyPrefix: string) => CreatedAdapter | Promise<CreatedAdapter>;

export type CreatedAdapter = AdapterFactory | { readonly adapter: AdapterFactory; close?(): unknown };

/** Joins the nodes by an adapter of the user's own. */
export class CustomBackplanes implements Backplanes {
  constructor(
    private readonly createAdapter: CreateAdapter,
    private readonly keyPrefix: string,
  ) {}

  async open(node: number): Promise<Backplane> {
    const created = await this.createAdapter(node, this.keyPrefix);
    const custom = typeof created === 'function' ? { adapter: created } : created;
    return {
      install: (server) => void server.adapter(constructible(custom.adapter)),
      joined: async () => {},
      fence: fenceToNodes,
      leave: () => void custom.close?.(),
      close: async () => void (await custom.close?.()),
    };
  }
}

/** Socket.IO calls an adapter with `new`, which an arrow function does not allow. */
function constructible(adapter: AdapterFactory): AdapterClass {
  if (adapter.prototype) return adapter as AdapterClass;
  return function create(namespace: Namespace) {
    return (adapter as (namespace: Namespace) => object)(namespace);
  } as object as AdapterClass;
}
