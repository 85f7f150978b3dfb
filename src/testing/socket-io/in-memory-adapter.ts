import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Namespace, Server, ServerOptions } from '../../websocket/index.js';

export type Adapter = Namespace['adapter'];

/** The class of an adapter, or a function that Socket.IO calls with `new`. */
export type AdapterClass = NonNullable<ServerOptions['adapter']>;

export type BroadcastOptions = Parameters<Adapter['broadcast']>[1];

/** A message between the adapters of a namespace on several nodes. */
export interface ClusterMessage {
  readonly type: number;
  /** The id of the adapter that sent it. */
  readonly uid: string;
  readonly nsp: string;
  readonly data?: { readonly requestId?: string; readonly packet?: unknown; readonly opts: EncodedOptions };
}

/** {@link BroadcastOptions} as a message has them. */
export interface EncodedOptions {
  readonly rooms: readonly string[];
  readonly except: readonly string[];
  readonly flags?: BroadcastOptions['flags'];
}

/** What Socket.IO's documentation tells the author of an adapter to use and to implement. */
export interface ClusterAdapter extends Adapter {
  readonly uid: string;
  publish(message: object): void;
  onMessage(message: ClusterMessage): void;
}

/** The package `socket.io-adapter`. */
export interface AdapterPackage {
  readonly Adapter: new (namespace: Namespace) => Adapter;
  readonly SessionAwareAdapter: new (namespace: Namespace) => Adapter;
  readonly ClusterAdapterWithHeartbeat: new (
    namespace: Namespace,
    options: { heartbeatInterval: number; heartbeatTimeout: number },
  ) => ClusterAdapter;
  readonly MessageType: Readonly<
    Record<'BROADCAST' | 'SOCKETS_JOIN' | 'SOCKETS_LEAVE' | 'DISCONNECT_SOCKETS' | 'ADAPTER_CLOSE', number>
  >;
}

const ENTRY = /[\\/]socket\.io-adapter[\\/]dist[\\/]index\.js$/;

/**
 * The package from which a server has its adapter, if that is one of Socket.IO's two adapters in memory. Node has loaded
 * the package with socket.io. The kit has no copy of its own, and an app may have several.
 *
 * @returns `undefined` if the app has set another adapter
 */
export function inMemoryPackageOf(server: Server): AdapterPackage | undefined {
  const used = server.adapter();
  return loadedPackages().find(({ Adapter, SessionAwareAdapter }) => used === Adapter || used === SessionAwareAdapter);
}

/** Every copy of the package that this process has loaded. */
export function loadedPackages(): AdapterPackage[] {
  const { cache } = createRequire(join(process.cwd(), 'package.json'));
  const paths = Object.keys(cache).filter((path) => ENTRY.test(path));
  return paths.map((path) => cache[path]!.exports as AdapterPackage);
}

/** The events that an adapter keeps for connection state recovery. Each `id` is the offset that a client gets. */
export function packetsOf(adapter: Adapter): readonly { readonly id: string }[] | undefined {
  return (adapter as { packets?: readonly { id: string }[] }).packets;
}
