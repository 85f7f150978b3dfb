import type { ClusterView } from '../app/running-app.js';
import type { AppModule } from '../app/start-test-app.js';
import type { Network } from './backplane/backplane.js';

/** How a cluster starts its nodes, and what it does when all are closed. */
export interface NodeStarter<Node> {
  /** @param index the number of the node in the timeline; each node has its own */
  start(index: number, view: ClusterView, version: Version): Promise<Node>;
  /** The network between the nodes, if it can be cut. */
  readonly network?: Network;
  /** What is wrong with the network, in words. */
  faults?(): readonly string[];
  /** Resolves when everything that the nodes share is closed. */
  close?(): Promise<void>;
}

/** What a node runs, if it is not the same as the first nodes: another version of the app. */
export interface Version {
  /** A module for an app in this process, the path of a built server for a process. @default that of the first nodes */
  readonly app?: AppModule | string;
  /** More environment variables for a process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}
