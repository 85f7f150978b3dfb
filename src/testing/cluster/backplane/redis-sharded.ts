import type { AdapterClass } from '../../socket-io/in-memory-adapter.js';
import type { Backplane, Backplanes } from './backplane.js';
import { fenceToNodes } from '../../observer/nodes.js';
import { closeRedis, connectRedis, loadPeer } from './redis-client.js';

/** Joins the nodes by the sharded adapter of `@socket.io/redis-adapter`. It subscribes to a channel for each room. */
export class ShardedRedisBackplanes implements Backplanes {
  constructor(private readonly keyPrefix: string) {}

  async open(_node: number, url: string): Promise<Backplane> {
    const { keyPrefix } = this;
    const { createShardedAdapter } = await loadPeer(
      '@socket.io/redis-adapter',
      () => import('@socket.io/redis-adapter'),
    );
    const publisher = await connectRedis(url);
    const subscriber = await connectRedis(url).catch((error: Error) => {
      publisher.destroy();
      throw error;
    });
    const adapter = createShardedAdapter(publisher, subscriber, { channelPrefix: keyPrefix });
    return {
      install: (server) => void server.adapter(adapter as object as AdapterClass),
      joined: async () => void (await subscriber.ping()),
      fence: async (servers) => {
        // A client that has just joined a room receives nothing before Redis has processed the subscription to its channel.
        await subscriber.ping();
        await fenceToNodes(servers);
      },
      leave: () => {
        publisher.destroy();
        subscriber.destroy();
      },
      close: async () => void (await Promise.all([closeRedis(publisher), closeRedis(subscriber)])),
    };
  }
}
