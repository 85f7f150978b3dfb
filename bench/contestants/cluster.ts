import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { setupPrimary } from '@socket.io/cluster-adapter';
import { messageOf } from '../processes/workers.js';

const WORKERS = 2;

/** The kit in two workers of Node's cluster, which share a port and are joined by Socket.IO's adapter for it. */
export async function bootCluster(handlers: number): Promise<number> {
  setupPrimary();
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('./cluster-worker.js', import.meta.url)),
    args: [String(handlers)],
  });
  const ports = await Promise.all(
    Array.from({ length: WORKERS }, () =>
      messageOf(cluster.fork(), (message): message is number => typeof message === 'number'),
    ),
  );
  return ports[0]!;
}
