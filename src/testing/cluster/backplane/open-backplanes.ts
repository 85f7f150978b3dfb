import { randomUUID } from 'node:crypto';
import { format } from '../../report/format.js';
import type { ClusterRedis } from '../redis-links.js';
import type { Backplanes } from './backplane.js';
import { CustomBackplanes, type CreateAdapter } from './custom.js';
import { EmitterBackplanes } from './emitter.js';
import { ShardedRedisBackplanes } from './redis-sharded.js';
import { RedisStreamsBackplanes } from './redis-streams.js';
import { RedisBackplanes } from './redis.js';

/** The adapters of Socket.IO for Redis, by name. */
const KINDS = {
  redis: RedisBackplanes,
  'redis-sharded': ShardedRedisBackplanes,
  'redis-streams': RedisStreamsBackplanes,
} satisfies Record<string, new (keyPrefix: string) => Backplanes>;

/** Which adapter joins the nodes of a cluster. */
export interface BackplaneOptions {
  /**
   * The Redis that joins the nodes, whatever adapter the app has. `keyPrefix` separates this cluster from others on
   * the same Redis. Without it, each cluster gets a prefix of its own.
   *
   * @default none: the nodes are joined by an emitter, or by the app itself with `WebsocketModule.forRoot({ redis })`
   */
  redis?: ClusterRedis & { keyPrefix?: string };
  /**
   * The adapter that joins the nodes, whatever adapter the app has. `'redis'` and `'redis-sharded'` are those of
   * `@socket.io/redis-adapter`, `'redis-streams'` is that of `@socket.io/redis-streams-adapter`; they need `redis`.
   * For any other adapter, give a function that creates it for each node.
   *
   * @default 'redis' if `redis` is given
   */
  adapter?: keyof typeof KINDS | CreateAdapter;
}

/** @throws TypeError when the options do not fit together */
export function createBackplanes({ redis, adapter = redis && 'redis' }: BackplaneOptions): Backplanes {
  const keyPrefix = redis?.keyPrefix ?? `test-${randomUUID()}`;
  if (adapter === undefined) return new EmitterBackplanes();
  if (typeof adapter === 'function') return new CustomBackplanes(adapter, keyPrefix);
  if (!Object.hasOwn(KINDS, adapter)) {
    const known = Object.keys(KINDS).map(format).join(', ');
    throw new TypeError(`startTestCluster knows the adapters ${known}, and functions; got ${format(adapter)}.`);
  }
  if (!redis?.url)
    throw new TypeError(
      `The adapter ${format(adapter)} needs a Redis: startTestCluster(AppModule, { redis: { url } }).`,
    );
  return new KINDS[adapter](keyPrefix);
}
