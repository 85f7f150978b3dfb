import cluster, { type Worker } from 'node:cluster';
import { usage, type Usage } from './usage.js';

/** What this process and its workers have used since they began. */
export async function usageWithWorkers(): Promise<Usage> {
  const all = [usage(), ...(await Promise.all(Object.values(cluster.workers ?? {}).map(usageOf)))];
  return all.reduce((one, other) => ({ cpu: one.cpu + other.cpu, waited: one.waited + other.waited }));
}

/** The next message of a worker that is the one wanted: those of the adapter come by the same way, several at once too. */
export function messageOf<Message>(worker: Worker, isIt: (message: unknown) => message is Message): Promise<Message> {
  return new Promise((resolve) => {
    const listen = (message: unknown): void => {
      if (!isIt(message)) return;
      worker.off('message', listen);
      resolve(message);
    };
    worker.on('message', listen);
  });
}

function usageOf(worker: Worker | undefined): Promise<Usage> {
  worker!.send('usage');
  return messageOf(worker!, isUsage);
}

function isUsage(message: unknown): message is Usage {
  return (message as Partial<Usage>).cpu !== undefined;
}
