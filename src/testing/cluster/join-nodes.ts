import { AppStartError } from '../report/errors.js';
import { EXPIRED, runningTime, withTimeout, type Expired } from '../timing/deadline.js';
import { nextTurn } from '../timing/real-time.js';
import type { ClusterMember } from './cluster-node.js';

/**
 * Waits until the nodes see each other. The app's own adapter may still be subscribing.
 *
 * @param crossNodes resolves when every node has received what the others have published
 * @throws AppStartError when they do not, or do not answer each other
 */
export async function expectJoined(
  nodes: readonly ClusterMember[],
  crossNodes: () => Promise<unknown>,
  timeout: number,
): Promise<void> {
  const began = runningTime();
  const seen = await untilCounted(nodes, (count) => count >= nodes.length, timeout);
  if (seen !== true)
    throw new AppStartError(
      `The ${nodes.length} nodes do not see each other: they count ${seen.map(showCount).join(', ')} of them. ` +
        'Does the app join its nodes, for example by WebsocketModule.forRoot({ redis })? If the nodes are apps of ' +
        'this process and set no adapter, startTestCluster joins them.',
    );
  const left = timeout - (runningTime() - began);
  if ((await withTimeout(crossNodes(), left)) === EXPIRED)
    throw new AppStartError(
      `The ${nodes.length} nodes do not answer each other's serverSideEmitWithAck(), without which settle() does not ` +
        'know what is in flight between them. Their adapter has to support it.',
    );
}

/**
 * Waits until each node counts the right number of nodes.
 *
 * @returns `true`, or what the nodes counted at last
 */
export async function untilCounted(
  nodes: readonly ClusterMember[],
  isRight: (count: number) => boolean,
  timeout: number,
): Promise<true | (number | Expired)[]> {
  const deadline = runningTime() + timeout;
  let seen: (number | Expired)[];
  do {
    const counting = nodes.map((node) => node.countNodes().catch((): Expired => EXPIRED));
    seen = await Promise.all(counting.map((count) => withTimeout(count, deadline - runningTime())));
    if (seen.every((count) => count !== EXPIRED && isRight(count))) return true;
    await nextTurn();
  } while (runningTime() < deadline);
  return seen;
}

function showCount(count: number | Expired): string {
  return count === EXPIRED ? 'none in time' : String(count);
}
