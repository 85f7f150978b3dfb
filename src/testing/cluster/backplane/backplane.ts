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
  /** Opens the backplane of a node. @param redisUrl the way of the node to Redis; empty without one */
  open(node: number, redisUrl: string): Promise<Backplane>;
  /** The network between the nodes, if it can be cut. */
  readonly network?: Network;
}

/** A network between nodes that a test can cut. */
export interface Network {
  /**
   * Cuts the network between groups of nodes, which have all the nodes. If the nodes are joined by something that can be
   * on one side only, such as a Redis, it is on the side of the first group. An earlier partition ends.
   */
  partition(...groups: readonly (readonly number[])[]): void | Promise<void>;
  /** Connects all nodes again. What was lost stays lost. */
  heal(): void | Promise<void>;
}
