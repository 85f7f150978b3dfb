// Plain JavaScript on the built package: a test process that holds a cluster of two until it is killed.
import { startTestCluster } from '../../../dist/testing/index.js';

const [, , script, url] = process.argv;
const cluster = await startTestCluster(script, { redis: { url } });
console.log(JSON.stringify(cluster.nodes.map(({ pid }) => pid)));
setInterval(() => {}, 1_000);
