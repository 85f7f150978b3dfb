// Plain JavaScript on the built package: a test process that holds a Redis and a cluster of two until it is killed.
import { startTestCluster } from '../../../dist/testing/index.js';
import { startRedis } from '../../../dist/testing/redis/index.js';

const [, , script] = process.argv;
const redis = await startRedis();
const cluster = await startTestCluster(script, { redis });
console.log(JSON.stringify({ pids: cluster.nodes.map(({ pid }) => pid), container: redis.container.getId() }));
setInterval(() => {}, 1_000);
