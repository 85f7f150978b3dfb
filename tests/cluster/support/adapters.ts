import { createShardedAdapter } from '@socket.io/redis-adapter';
import type { CreateAdapter, TestClusterOptions } from 'nest-realtime-kit/testing';
import { createClient } from 'redis';

/** Every adapter that a cluster can be joined by, with what starts it on a Redis. */
export const adapters: Readonly<Record<string, (url: string) => TestClusterOptions>> = {
  emitter: () => ({}),
  redis: (url) => ({ redis: { url } }),
  'redis-sharded': (url) => ({ redis: { url }, adapter: 'redis-sharded' }),
  'redis-sharded, static': (url) => ({ adapter: shardedStatic(url) }),
  'redis-streams': (url) => ({ redis: { url }, adapter: 'redis-streams' }),
};

/** The sharded adapter with one channel for all rooms, as a user would set it. */
function shardedStatic(url: string): CreateAdapter {
  return async (_node, channelPrefix) => {
    const { clients, close } = await openClients(url, 2);
    const [publisher, subscriber] = clients;
    const adapter = createShardedAdapter(publisher, subscriber, { channelPrefix, subscriptionMode: 'static' });
    return { adapter, close };
  };
}

/** Opens clients for adapters. */
export async function openClients(url: string, count: number) {
  const clients = Array.from({ length: count }, () => createClient({ url }));
  await Promise.all(clients.map((client) => client.connect()));
  const close = async (): Promise<void> => {
    for (const client of clients) {
      // The adapters do not await their last commands.
      await client.ping();
      client.destroy();
    }
  };
  return { clients, close, [Symbol.asyncDispose]: close };
}
