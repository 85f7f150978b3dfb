import type { CreateAdapter } from '../cluster/backplane/custom.js';
import type { ClusterNode } from '../cluster/cluster-node.js';
import { startTestCluster } from '../cluster/start-test-cluster.js';
import type { TestCluster } from '../cluster/test-cluster.js';
import type { EventsMap } from '../client/events-map.js';
import { acks } from './cases/acks.js';
import { broadcasts } from './cases/broadcasts.js';
import { many } from './cases/many.js';
import { nodes } from './cases/nodes.js';
import { sockets } from './cases/sockets.js';
import { AdapterContractModule } from './contract.module.js';
import { NODES, Stage } from './stage.js';

/** How long each wait may take, in milliseconds. Adapters wait up to five seconds for answers. */
const TIMEOUT = 10_000;

/** One promise of Socket.IO's adapters. */
export interface AdapterContractCase {
  /** What is promised. */
  readonly name: string;
  /**
   * Starts a cluster, checks the promise and closes the cluster. Several cases may run at the same time.
   *
   * @throws AssertionError, of `node:assert`, when the adapter does not keep the promise
   */
  run(): Promise<void>;
}

/** Starts the clusters of the contract's cases in another way, with the app `AdapterContractModule`. */
export interface ContractClusters {
  start(nodes: number): Promise<TestCluster<EventsMap, EventsMap, ClusterNode>>;
}

/**
 * What Socket.IO's documentation promises of an adapter, as cases for any test runner. Give it what creates your adapter
 * for each node, or what starts a cluster of the app {@link AdapterContractModule}.
 *
 * @example
 * ```ts
 * for (const { name, run } of adapterContract(() => createAdapter(pool))) test(name, run, 30_000);
 * ```
 */
export function adapterContract(adapter: CreateAdapter | ContractClusters): AdapterContractCase[] {
  const start =
    typeof adapter === 'function'
      ? (count: number) => startTestCluster(AdapterContractModule, { nodes: count, adapter, timeout: TIMEOUT })
      : (count: number) => adapter.start(count);
  const promises = { ...broadcasts, ...sockets, ...acks, ...nodes, ...many };
  return Object.entries(promises).map(([name, check]) => ({ name, run: () => onStage(start, check) }));
}

async function onStage(start: ContractClusters['start'], check: (stage: Stage) => Promise<void>): Promise<void> {
  const cluster = await start(NODES);
  try {
    await check(new Stage(cluster));
  } catch (error) {
    // The broken promise matters, not what it leaves behind.
    await cluster.close().catch(() => {});
    throw error;
  }
  await cluster.close();
}
