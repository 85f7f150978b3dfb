import type { Server } from '../../websocket/index.js';
import { markStreams, observeStreams, untilRead, type Markers } from '../socket-io/streams-adapter.js';
import { EXPIRED, withTimeout } from '../timing/deadline.js';
import { setImmediate } from '../timing/real-time.js';

/** With this event, a node asks the others whether they have received all that it published. */
export const NODE_FENCE = 'nest-realtime-kit:fence';

/** How long the others may take to read a marker before there is another one, in milliseconds. */
const UNTIL_MARKED_AGAIN = 100;

/** Lets a server answer the fences of the other nodes. */
export function answerNodeFences(server: Server): void {
  server.on(NODE_FENCE, (markers: Markers, acknowledge: () => void) => {
    observeStreams(server);
    void untilRead(server, markers).then(() => setImmediate(acknowledge));
  });
}

/**
 * Resolves when the other nodes have received what these servers have published. Each server asks the others by
 * `serverSideEmit`, which must not overtake the events that the server has sent before.
 */
export async function fenceToNodes(servers: readonly Server[]): Promise<void> {
  for (const server of servers) observeStreams(server);
  await Promise.all(servers.map(askOthers));
}

async function askOthers(server: Server): Promise<void> {
  const markers = await markStreams(server);
  const answers = server.serverSideEmitWithAck(NODE_FENCE, markers);
  if (Object.keys(markers).length > 0) {
    // A node that has not begun to read a stream misses what is in it already. A later marker does as well.
    while ((await withTimeout(answers, UNTIL_MARKED_AGAIN)) === EXPIRED) await markStreams(server);
  }
  await answers;
}

/** How many nodes a node counts: the lowest count of its servers. */
export async function countNodes(servers: readonly Server[]): Promise<number> {
  return Math.min(...(await Promise.all(servers.map((server) => server.of('/').adapter.serverCount()))));
}
