import { startTestCluster, type ProcessClusterOptions } from 'nest-realtime-kit/testing';

/** Starts a cluster of the built chat on a Redis, apart from other clusters there. */
export function startBuiltChat(url: string, options: ProcessClusterOptions = {}) {
  return startTestCluster('dist/cluster-app/main.js', { redis: { url }, ...options });
}
