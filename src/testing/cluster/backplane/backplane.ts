import type { Server } from '../../../websocket/index.js';

/** What connects one node of a cluster to the others. */
export interface Backplane {
  /** Called with each Socket.IO server of the node, before anything is bound to it. */
  install(server: Server): void;
  /** Resolves when the node is subscribed to what the others publish to its clients. */
  joined(): Promise<void>;
  /** Resolves when the other nodes have received what these servers of the node have published. */
  fence(servers: readonly Server[]): Promise<void>;
  /** Takes the node away from the others at once, as if its network was cut. */
  leave(): void;
  /** Called when the cluster is closed. */
  close(): Promise<void>;
}

/** The backplanes of one cluster. */
export interface Backplanes {
  /** Opens the backplane of a node. */
  open(node: number): Promise<Backplane>;
  /** The network between the nodes, if it can be cut. */
  readonly network?: Network;
}

/** A network between nodes that a test can cut. */
export interface Network {
  partition(...groups: readonly (readonly number[])[]): void;
  heal(): void;
}

/** The Redis of one cluster. What it writes there begins with `keyPrefix`. */
export interface RedisOfCluster {
  readonly url: string;
  readonly keyPrefix: string;
}
