import { startTestCluster, type TestCluster } from 'nest-realtime-kit/testing';
import { AppModule } from './one-redis.app.js';

export function startNewsCluster(url: string): Promise<TestCluster> {
  return startTestCluster(AppModule, { nodes: 3, redis: { url }, adapter: 'redis-streams' });
}
