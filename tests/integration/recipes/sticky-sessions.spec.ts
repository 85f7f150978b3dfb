import { startTestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { inject, test } from 'vitest';
import { NewsModule } from './sticky-sessions.app.js';

const url = inject('redisUrl')!;

test.skipIf(!url)('clients that poll need sticky sessions', async () => {
  await using cluster = await startTestCluster(NewsModule, { nodes: 2, redis: { url } });

  await using inTurn = await cluster.startBalancer({ sticky: false });
  await expect(cluster.connect({ through: inTurn, transports: ['polling'] })).toBeRefused('Session ID unknown');

  await using sticky = await cluster.startBalancer();
  const alice = await cluster.connect({ through: sticky, transports: ['polling'] });
  const crowd = await cluster.connectMany(20, { through: sticky, transports: ['polling', 'websocket'] });
  alice.emit('publish', 'hello');
  await expect(crowd).toReceiveTimes(1, 'news', 'hello');
});
