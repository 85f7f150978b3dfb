import type { Server } from '../../../websocket/index.js';
import type { AdapterClass } from '../../socket-io/in-memory-adapter.js';
import type { Backplane, Backplanes, RedisOfCluster } from './backplane.js';
import { passNodeFence } from './node-fence.js';
import { closeRedis, connectRedis, loadPeer, type RedisClient } from './redis-client.js';

/** Joins the nodes by the sharded adapter of `@socket.io/redis-adapter`. It subscribes to a channel for each room. */
export class ShardedRedisBackplanes implements Backplanes {
  private readonly subscribers: RedisClient[] = [];

  constructor(private readonly redis: RedisOfCluster) {}

  async open(): Promise<Backplane> {
    const { url, keyPrefix } = this.redis;
    const { createShardedAdapter } = await loadPeer(
      '@socket.io/redis-adapter',
      () => import('@socket.io/redis-adapter'),
    );
    const publisher = await connectRedis(url);
    const subscriber = await connectRedis(url).catch((error: Error) => {
      publisher.destroy();
      throw error;
    });
    this.subscribers.push(subscriber);
    const adapter = createShardedAdapter(publisher, subscriber, { channelPrefix: keyPrefix });
    return {
      install: (server) => void server.adapter(adapter as object as AdapterClass),
      joined: async () => void (await subscriber.ping()),
      close: async () => void (await Promise.all([closeRedis(publisher), closeRedis(subscriber)])),
    };
  }

  async fence(servers: readonly Server[]): Promise<void> {
    // A client that has just joined a room receives nothing before Redis has processed the subscription to its channel.
    await Promise.all(this.subscribers.map((subscriber) => subscriber.ping()));
    await passNodeFence(servers);
  }
}
