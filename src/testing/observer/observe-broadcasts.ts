import type { Namespace } from '../../websocket/index.js';
import { patch } from './patch.js';

/** A broadcast that no client on this node received. */
export interface UnheardBroadcast {
  readonly event: string;
  readonly args: readonly unknown[];
  readonly rooms: readonly string[];
}

type Broadcast = (packet: { data?: unknown }, options: { rooms?: Iterable<string> }, ...rest: unknown[]) => unknown;

/**
 * Observes broadcasts that no client receives, which leave no other trace: an event for an empty room, or for a client
 * that does not exist.
 *
 * @param countSent returns how many events were sent to clients so far
 * @returns the function that stops observing
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
