import type { Server } from '../../websocket/index.js';
import { markStreams, observeStreams, untilRead, type Markers } from '../socket-io/streams-adapter.js';
import { EXPIRED, withTimeout } from '../timing/deadline.js';
import { setImmediate } from '../timing/real-time.js';
import { wrapMethod } from './patch.js';

/** With this event, a node asks the others whether they have received all that it published. */
export const NODE_FENCE = 'nest-realtime-kit:fence';

/** How long the others may take to answer before it is checked whether they can, in milliseconds. */
const UNTIL_CHECKED = 100;

/** The servers that have begun to close. The other nodes do not answer them any more. */
const closed = new WeakSet<Server>();

/** Lets a server answer the fences of the other nodes. */
export function answerNodeFences(server: Server): void {
  wrapMethod(server, 'close', (_args, close) => {
    closed.add(server);
    return close();
  });
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
  const count = countOf(server).catch(() => 0);
  const answers = ask(server);
  const hasLostNode = async (): Promise<boolean> => (await countOf(server).catch(() => Infinity)) < (await count);
  while ((await withTimeout(answers, UNTIL_CHECKED)) === EXPIRED && !closed.has(server)) {
    // A node that has not begun to read a stream misses what is in it already. A later marker does as well.
    const marked = markStreams(server).then(hasLostNode);
    // A node that left meanwhile does not answer.
    if (await Promise.race([answers.then(() => false), marked])) return askOthers(server);
  }
}

async function ask(server: Server): Promise<void> {
  await server.serverSideEmitWithAck(NODE_FENCE, await markStreams(server));
}

/** How many nodes a node counts: the lowest count of its servers. */
export async function countNodes(servers: readonly Server[]): Promise<number> {
  return Math.min(...(await Promise.all(servers.map(countOf))));
}

async function countOf(server: Server): Promise<number> {
  return server.of('/').adapter.serverCount();
}
