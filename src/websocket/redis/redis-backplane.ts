import type { OnApplicationBootstrap } from '@nestjs/common';
import { redactedUrl } from '../errors/report-error.js';
import { OutageLog } from './outage-log.js';
import { RedisConnection, RedisUnavailableError } from './redis-connection.js';
import { redisOption, type RedisClient, type RedisOptions } from '../options/redis.options.js';
import type { Namespace, ServerOptions } from '../socket-io/socket.io.js';

/** Connects this node to the others: the Redis clients, and the Socket.IO adapter that uses them. */
export class RedisBackplane implements OnApplicationBootstrap {
  /** For `ServerOptions.adapter`. */
  readonly adapter: NonNullable<ServerOptions['adapter']>;

  private constructor(
    private readonly publisher: RedisConnection,
    private readonly subscriber: RedisConnection,
    createAdapter: typeof import('@socket.io/redis-adapter').createAdapter,
    keyPrefix: string | undefined,
    private readonly outages: OutageLog,
  ) {
    const create = createAdapter(publisher.guarded, subscriber.guarded, keyPrefix ? { key: keyPrefix } : {});
    // Socket.IO calls this with `new`.
    this.adapter = function adapter(namespace: Namespace) {
      return countingNodes(create(namespace), outages);
    } as typeof this.adapter;
  }

  /**
   * Connects to Redis.
   *
   * @throws RedisUnavailableError when a package is missing, or Redis is not reached within `connectTimeout`
   */
  static async open(options: RedisOptions): Promise<RedisBackplane> {
    const { url, client, keyPrefix, connectTimeout: timeout = redisOption.fields.connectTimeout.default } = options;
    const { createAdapter } = await peer('@socket.io/redis-adapter', () => import('@socket.io/redis-adapter'));
    const outages = new OutageLog();
    const where = url === undefined ? 'the address of "redis.client"' : redactedUrl(url);
    const own = { isOwned: true, timeout, where };
    const shared = { ...own, isOwned: client === undefined };
    const publisher = await RedisConnection.open(client ?? (await createClient(url, timeout)), shared, outages);
    try {
      const subscriber = await RedisConnection.open(publisher.client.duplicate(), own, outages);
      return new RedisBackplane(publisher, subscriber, createAdapter, keyPrefix, outages);
    } catch (error) {
      await publisher.close();
      throw error;
    }
  }

  /** Resolves when Redis has processed all subscriptions so far. Then this node gets the events of the others. */
  async joined(): Promise<void> {
    await this.subscriber.ping();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.joined();
  }

  async close(): Promise<void> {
    await Promise.all([this.subscriber.close(), this.publisher.close()]);
    this.outages.throttled.flush();
  }

  /** Closes at once, without waiting for Redis. */
  abandon(): void {
    this.subscriber.abandon();
    this.publisher.abandon();
  }
}

/**
 * Makes an adapter count only this node while Redis cannot tell the number of nodes. A broadcast with acks asks for
 * that number, and does not handle a rejected promise, which would end the process.
 */
function countingNodes<A extends { serverCount(): Promise<number> }>(adapter: A, outages: OutageLog): A {
  const serverCount = adapter.serverCount.bind(adapter);
  adapter.serverCount = () =>
    serverCount().catch((error: unknown) => {
      outages.onUnsent('PUBSUB NUMSUB', error);
      return 1;
    });
  return adapter;
}

async function createClient(url: string | undefined, connectTimeout: number): Promise<RedisClient> {
  const redis = await peer('redis', () => import('redis'));
  return redis.createClient({
    url,
    // The other nodes do not get an event that cannot be published. A queue of such events would grow without bound.
    disableOfflineQueue: true,
    socket: { connectTimeout, reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 2_000) },
  });
}

async function peer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new RedisUnavailableError(
      `WebsocketModule: option "redis" needs the package "${name}", which cannot be loaded. ` +
        `Install it: npm install @socket.io/redis-adapter redis`,
      { cause: error },
    );
  }
}
