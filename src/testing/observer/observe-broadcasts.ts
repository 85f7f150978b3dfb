import type { Namespace } from '../../websocket/index.js';
import { patch } from './patch.js';

/** A broadcast that no client on this node has got. */
export interface UnheardBroadcast {
  readonly event: string;
  readonly args: readonly unknown[];
  readonly rooms: readonly string[];
}

type Broadcast = (packet: { data?: unknown }, options: { rooms?: Iterable<string> }, ...rest: unknown[]) => unknown;

/**
 * Sees the broadcasts that reach nobody, of which there is no other trace: an event for a room in which nobody is, or
 * for a client that there is not.
 *
 * @param countSent how many events have been sent to clients so far
 * @returns the function that takes it back
 */
export function observeBroadcasts(
  { adapter }: Namespace,
  countSent: () => number,
  onUnheard: (broadcast: UnheardBroadcast) => void,
): () => void {
  const restores = (['broadcast', 'broadcastWithAck'] as const).map((method) => {
    const broadcast = (adapter as object as Record<typeof method, Broadcast>)[method].bind(adapter);
    const observed: Broadcast = (packet, options, ...rest) => {
      const before = countSent();
      const result = broadcast(packet, options, ...rest);
      if (countSent() === before && Array.isArray(packet.data)) {
        const [event, ...args] = packet.data as [string, ...unknown[]];
        onUnheard({ event, args, rooms: [...(options.rooms ?? [])] });
      }
      return result;
    };
    return patch(adapter, method, observed);
  });
  return () => {
    for (const restore of restores) restore();
  };
}
