import type { Server } from '../../../websocket/index.js';
import { NODE_FENCE } from '../../observer/server-observer.js';
import { markStreams, observeStreams, untilRead, type Markers } from '../../socket-io/streams-adapter.js';
import { EXPIRED, withTimeout } from '../../timing/deadline.js';
import { setImmediate } from '../../timing/real-time.js';

/** How long the others may take to read a marker before there is another one, in milliseconds. */
const UNTIL_MARKED_AGAIN = 100;

/** Lets a server answer the fences of the other nodes. */
export function installNodeFence(server: Server): void {
  server.on(NODE_FENCE, (markers: Markers, acknowledge: () => void) => {
    void untilRead(server, markers).then(() => setImmediate(acknowledge));
  });
}

/**
 * Resolves when every node has received what the servers have published. Each server asks the others by
 * `serverSideEmit`, which must not overtake the events that the server has sent before.
 */
export async function passNodeFence(servers: readonly Server[]): Promise<void> {
  if (servers.length < 2) return;
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
