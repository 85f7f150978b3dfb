import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { ServerOptions } from './socket.io.js';

/** How the nodes of an app find each other: either `url` or `client`. */
export interface RedisOptions {
  /** Where Redis is, as `redis://[user:password@]host[:port][/database]`. The kit opens and closes the clients. */
  url?: string;

  /**
   * A connected client of the app's own, from the package `redis` or `ioredis`. The kit publishes through it,
   * subscribes through a duplicate of it, and closes only the duplicate.
   */
  client?: RedisClient;

  /**
   * What the names of the channels begin with. Nodes with another prefix are another app.
   *
   * @default 'socket.io', as Socket.IO's Redis adapter has it
   */
  keyPrefix?: string;

  /**
   * How long the boot waits for a first connection, in milliseconds.
   *
   * @default 5000
   */
  connectTimeout?: number;
}

/** What the kit needs of a Redis client; the clients of `redis` and of `ioredis` have it. */
export interface RedisClient {
  duplicate(): RedisClient;
  // oxlint-disable-next-line typescript/no-explicit-any -- each client types its events and commands its own way
  on(event: string, listener: (...args: any[]) => void): unknown;
}

/** Redis could not be joined. Thrown when the app boots; `cause` has what the client said. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
}

const DEFAULT_CONNECT_TIMEOUT = 5_000;

/** How long closing waits for what is still on its way to Redis, in milliseconds. */
const CLOSE_TIMEOUT = 1_000;

/** The commands that Socket.IO's adapter sends without looking at their promises. */
const UNWATCHED = ['publish', 'subscribe', 'pSubscribe', 'psubscribe', 'unsubscribe', 'pUnsubscribe', 'punsubscribe'];

/** Joins this node to the others: the Redis clients, and the Socket.IO adapter that speaks through them. */
export class RedisBackplane implements OnApplicationBootstrap, OnApplicationShutdown {
  /** For `ServerOptions.adapter`. */
  readonly adapter: NonNullable<ServerOptions['adapter']>;

  private constructor(
    private readonly publisher: Connection,
    private readonly subscriber: Connection,
    createAdapter: typeof import('@socket.io/redis-adapter').createAdapter,
    keyPrefix: string | undefined,
  ) {
    this.adapter = createAdapter(publisher.guarded, subscriber.guarded, keyPrefix ? { key: keyPrefix } : {});
  }

  /**
   * Connects to Redis.
   *
   * @throws RedisUnavailableError when a package is missing, or Redis is not reached within `connectTimeout`
   */
  static async open(options: RedisOptions): Promise<RedisBackplane> {
    const { createAdapter } = await peer('@socket.io/redis-adapter', () => import('@socket.io/redis-adapter'));
    const timeout = options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT;
    const publisher = options.client
      ? Connection.borrow(options.client)
      : await Connection.open(await clientFor(options.url!, timeout), timeout, options.url!);
    try {
      const where = options.url ?? 'the address of the client that was given';
      const subscriber = await Connection.open(publisher.duplicate(), timeout, where);
      return new RedisBackplane(publisher, subscriber, createAdapter, options.keyPrefix);
    } catch (error) {
      await publisher.close();
      throw error;
    }
  }

  /** Resolves when Redis has taken in every subscription made so far: from then on this node hears the others. */
  async joined(): Promise<void> {
    await this.subscriber.ping();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.joined();
  }

  /** After the servers: Nest closes them between `onModuleDestroy` and this hook. */
  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    await Promise.all([this.subscriber.close(), this.publisher.close()]);
  }
}

/** The two clients' common ground; `redis` says `close` and `destroy`, `ioredis` says `quit` and `disconnect`. */
interface AnyClient extends RedisClient {
  status?: string;
  isReady?: boolean;
  isOpen?: boolean;
  connect(): Promise<unknown>;
  ping(): Promise<unknown>;
  close?(): Promise<unknown>;
  destroy?(): void;
  quit(): Promise<unknown>;
  disconnect(): void;
  unref?(): void;
  setMaxListeners(count: number): unknown;
}

/** One Redis client, opened here or borrowed, with its errors heard. */
class Connection {
  private readonly logger = new Logger(RedisBackplane.name);
  private lost = false;
  private unsent = 0;
  private closed = false;

  /** The client as Socket.IO's adapter gets it: a command that fails is logged, where it would end the process. */
  readonly guarded: RedisClient;

  private constructor(
    private readonly client: AnyClient,
    private readonly owned: boolean,
  ) {
    client.on('error', (error: Error) => this.onError(error));
    client.on('ready', () => this.onReady());
    this.guarded = this.guard();
  }

  static borrow(client: RedisClient): Connection {
    const borrowed = client as AnyClient;
    if (borrowed.isOpen === false || borrowed.status === 'wait') {
      throw new RedisUnavailableError(
        'WebsocketModule: "redis.client" is not connected. Connect it before it is handed over.',
      );
    }
    return new Connection(borrowed, false);
  }

  static async open(client: RedisClient, timeout: number, where: string): Promise<Connection> {
    const connection = new Connection(client as AnyClient, true);
    try {
      await connection.connect(timeout);
    } catch (error) {
      connection.abandon();
      throw new RedisUnavailableError(
        `WebsocketModule: Redis at ${withoutPassword(where)} could not be reached within ${timeout} ms ` +
          `(${reasonOf(error)}). Is it running, and is "redis.url" right?`,
        { cause: error },
      );
    }
    return connection;
  }

  duplicate(): RedisClient {
    return this.client.duplicate();
  }

  async ping(): Promise<void> {
    await this.client.ping();
  }

  async close(): Promise<void> {
    if (this.closed || !this.owned) return;
    this.closed = true;
    const goodbye = this.client.close ? this.client.close() : this.client.quit();
    await Promise.race([goodbye.catch(() => {}), delay(CLOSE_TIMEOUT, undefined, { ref: false })]);
    this.abandon();
  }

  private async connect(timeout: number): Promise<void> {
    // A namespace adds listeners of its own to the client.
    this.client.setMaxListeners(0);
    let giveUp: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      giveUp = setTimeout(() => reject(this.lastError ?? new Error('no answer')), timeout);
    });
    try {
      await Promise.race([this.ready(), deadline]);
    } finally {
      clearTimeout(giveUp);
    }
    // The app's own servers keep the process alive; an app that never came up must not be kept by Redis.
    this.client.unref?.();
  }

  private lastError: Error | undefined;

  private async ready(): Promise<void> {
    if (this.client.status !== undefined && this.client.status !== 'wait') {
      await this.client.ping();
    } else {
      await this.client.connect();
    }
  }

  private abandon(): void {
    this.closed = true;
    if (this.client.destroy) {
      if (this.client.isOpen) this.client.destroy();
    } else {
      this.client.disconnect();
    }
  }

  private guard(): RedisClient {
    const guarded = Object.create(this.client) as Record<string, unknown>;
    const commands = this.client as unknown as Record<string, ((...args: unknown[]) => Promise<unknown>) | undefined>;
    for (const name of UNWATCHED) {
      if (typeof commands[name] !== 'function') continue;
      guarded[name] = (...args: unknown[]) =>
        commands[name]!(...args).catch((error: unknown) => this.onUnsent(name, error));
    }
    return guarded as unknown as RedisClient;
  }

  private onError(error: Error): void {
    this.lastError = error;
    if (this.lost || this.closed || !this.wasReady) return;
    this.lost = true;
    this.logger.error(
      `Redis is gone (${reasonOf(error)}); until it is back, events reach only the clients of this node`,
    );
  }

  private wasReady = false;

  private onReady(): void {
    this.wasReady = true;
    if (!this.lost) return;
    this.lost = false;
    this.logger.log(`Redis is back; ${this.unsent} commands were lost while it was away`);
    this.unsent = 0;
  }

  private onUnsent(command: string, error: unknown): void {
    if (this.closed) return;
    this.unsent += 1;
    if (!this.lost) this.logger.error(`Redis refused "${command}": ${reasonOf(error)}`);
  }
}

async function clientFor(url: string, connectTimeout: number): Promise<RedisClient> {
  const { createClient } = await peer('redis', () => import('redis'));
  return createClient({
    url,
    // Without Redis an event is for this node's clients only; kept, the others would pile up without bound.
    disableOfflineQueue: true,
    socket: { connectTimeout, reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 2_000) },
  }) as unknown as RedisClient;
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

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//***@');
}

/** Node gathers failed connection attempts in an AggregateError, whose own message is empty. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
