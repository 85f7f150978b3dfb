import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { usage, type Usage } from './usage.js';

/** What this process and its workers have used since they began. */
export async function usageWithWorkers(): Promise<Usage> {
  const all = [usage(), ...(await Promise.all(Object.values(cluster.workers ?? {}).map(usageOf)))];
  return all.reduce((one, other) => ({ cpu: one.cpu + other.cpu, waited: one.waited + other.waited }));
}

/** Messages of the adapter come by the same way. */
async function usageOf(worker: Worker | undefined): Promise<Usage> {
  worker!.send('usage');
  for (;;) {
    const [message] = (await once(worker!, 'message')) as [Partial<Usage>];
    if (message.cpu !== undefined) return message as Usage;
  }
}
