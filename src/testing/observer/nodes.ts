import type { Server } from '../../websocket/index.js';
import { setImmediate } from '../timing/real-time.js';

/** With this event, a node asks the others whether they have received all that it published. */
export const NODE_FENCE = 'nest-realtime-kit:fence';

/** Lets a node answer the fences of the others. */
export function answerNodeFences(server: Server): void {
  server.on(NODE_FENCE, (acknowledge: () => void) => setImmediate(acknowledge));
}

/** Resolves when the other nodes have received all that these servers have published so far. */
export async function fenceToNodes(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => server.serverSideEmitWithAck(NODE_FENCE)));
}

/** How many nodes a node counts: the lowest count of its servers. */
export async function countNodes(servers: readonly Server[]): Promise<number> {
  return Math.min(...(await Promise.all(servers.map((server) => server.of('/').adapter.serverCount()))));
}
