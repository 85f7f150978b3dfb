import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { startTestCluster, type TestCluster } from 'nest-realtime-kit/testing';
import { AppModule } from './one-redis.app.js';

export function startNewsCluster(url: string): Promise<TestCluster> {
  return startTestCluster(AppModule, {
    adapter: (_node, keyPrefix) => {
      const publisher = new Redis(url);
      const subscriber = publisher.duplicate();
      return {
        adapter: createAdapter(publisher, subscriber, { key: keyPrefix }),
        close: () => Promise.all([publisher.quit(), subscriber.quit()]),
      };
    },
  });
}
