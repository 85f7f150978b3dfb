import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { redactedUrl } from '../errors/report-error.js';
import { ThrottledLog } from '../errors/throttled-log.js';
import { RedisConnection, RedisUnavailableError, reasonOf, type ConnectionListener } from './redis-connection.js';
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
    const publisher = await (client
      ? RedisConnection.open(client, { ...own, isOwned: false }, outages)
      : RedisConnection.open(await createClient(url, timeout), own, outages));
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

/** Logs once when a connection to Redis is lost, and once when all connections are back. */
class OutageLog implements ConnectionListener {
  private readonly logger = new Logger(RedisBackplane.name);
  private readonly lost = new Set<RedisConnection>();
  readonly throttled = new ThrottledLog(RedisBackplane.name);
  private unsent = 0;

  onLost(connection: RedisConnection, error: Error): void {
    if (this.lost.size === 0) {
      this.logger.error(
        `Redis is gone (${reasonOf(error)}); until it is back, events reach only the clients of this node`,
      );
    }
    this.lost.add(connection);
  }

  onReady(connection: RedisConnection): void {
    if (!this.lost.delete(connection) || this.lost.size > 0) return;
    this.logger.log(`Redis is back; ${this.unsent} commands were lost while it was away`);
    this.unsent = 0;
  }

  onUnsent(command: string, error: unknown): void {
    this.unsent += 1;
    if (this.lost.size === 0) this.logger.error(`Redis refused "${command}": ${reasonOf(error)}`);
  }

  onUnreadable(error: unknown): void {
    this.throttled.error(
      'UNREADABLE',
      'A message on the channels of Redis is not one of a node and is left out; is "redis.keyPrefix" used by others?',
      error,
    );
  }
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
