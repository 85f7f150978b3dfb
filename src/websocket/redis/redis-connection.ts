import { Deadline } from '../timing/deadline.js';
import { callEach, type Listener } from '../errors/guarded-call.js';
import { reasonOf, type OutageLog } from './outage-log.js';
import type { RedisClient } from '../options/redis.options.js';

/** Redis or a package for it is not available. Thrown when the app boots. `cause` is the original error, if any. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
}

/** How long closing waits until Redis has processed earlier commands, in milliseconds. */
const CLOSE_TIMEOUT = 1_000;

/** The commands whose promises Socket.IO's adapter ignores. Some of them take a listener for messages. */
const UNWATCHED = ['publish', 'subscribe', 'pSubscribe', 'psubscribe', 'unsubscribe', 'pUnsubscribe', 'punsubscribe'];

/** What the clients of `redis` and `ioredis` have in addition to `RedisClient`, partly under different names. */
interface AnyClient extends RedisClient {
  /** In `ioredis`. It is `wait` until the client is told to connect. */
  status?: string;
  /** In `redis`: whether the client was told to connect. */
  isOpen?: boolean;
  connect(): Promise<unknown>;
  ping(): Promise<unknown>;
  /** In `redis`; `ioredis` has `disconnect`. */
  destroy?(): void;
  disconnect(): void;
  unref?(): void;
  setMaxListeners(count: number): unknown;
}

export interface ConnectionOptions {
  /** Whether the client is closed with the connection. If not, it is borrowed from the app. */
  readonly isOwned: boolean;
  /** The address, for messages. */
  readonly where: string;
  /** How long an answer may take, in milliseconds. */
  readonly timeout: number;
}

/** A Redis client, opened here or borrowed from the app, with a listener for its errors. */
export class RedisConnection {
  /** The client that Socket.IO's adapter gets. It reports a failed command, which would otherwise end the process. */
  readonly guarded: RedisClient;

  private ready = false;
  private closed = false;
  private lastError: Error | undefined;
  /** The guarded listeners for messages, by the original listeners. */
  private readonly guardedListeners = new WeakMap<Listener, Listener>();

  private constructor(
    readonly client: AnyClient,
    private readonly options: ConnectionOptions,
    private readonly listener: OutageLog,
  ) {
    client.on('ready', this.onReady);
    client.on('error', this.onError);
    this.guarded = this.guard();
  }

  /**
   * Connects a client, or checks that a borrowed client is connected.
   *
   * @throws RedisUnavailableError when a borrowed client was not told to connect, or Redis does not answer in time
   */
  static async open(client: RedisClient, options: ConnectionOptions, listener: OutageLog): Promise<RedisConnection> {
    const { isOwned } = options;
    const { isOpen, status } = client as AnyClient;
    if (!isOwned && (isOpen === false || status === 'wait' || status === 'end')) {
      throw new RedisUnavailableError(
        'WebsocketModule: "redis.client" is not connected. Connect it before it is handed over.',
      );
    }
    const connection = new RedisConnection(client as AnyClient, options, listener);
    // Each namespace adds listeners of its own.
    if (isOwned) connection.client.setMaxListeners(0);
    const isConnecting = !isOwned || (status !== undefined && status !== 'wait');
    await connection.reach(isConnecting ? connection.client.ping() : connection.client.connect());
    connection.ready = true;
    // The app's own servers keep the process alive. If the app fails to start, Redis must not keep it alive.
    if (isOwned) connection.client.unref?.();
    return connection;
  }

  /**
   * Resolves when Redis has processed all earlier commands. The client does not keep the process alive, but this does.
   *
   * @throws RedisUnavailableError when Redis does not answer in time
   */
  async ping(): Promise<void> {
    await this.reach(this.client.ping());
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.options.isOwned) {
      // Redis answers this after all earlier commands. With close() or quit() the client itself would wait, and a
      // client of `redis` that waits cannot be ended any more.
      await new Deadline(CLOSE_TIMEOUT).allows(this.client.ping());
    }
    this.abandon();
  }

  /** Ends an owned client at once, or releases a borrowed one. An owned one keeps its listener for late errors. */
  abandon(): void {
    this.closed = true;
    if (!this.options.isOwned) {
      this.client.off('ready', this.onReady);
      this.client.off('error', this.onError);
    } else if (!this.client.destroy) this.client.disconnect();
    else if (this.client.isOpen) this.client.destroy();
  }

  private async reach(answer: Promise<unknown>): Promise<void> {
    const { timeout, where } = this.options;
    try {
      if (!(await new Deadline(timeout).allows(answer))) throw this.lastError ?? new Error('no answer');
      await answer;
    } catch (error) {
      this.abandon();
      throw new RedisUnavailableError(
        `WebsocketModule: Redis at ${where} could not be reached within ${timeout} ms ` +
          `(${reasonOf(error)}). Is it running, and is "redis.url" right?`,
        { cause: error },
      );
    }
  }

  private guard(): RedisClient {
    const commands = this.client as unknown as Record<string, ((...args: unknown[]) => Promise<unknown>) | undefined>;
    const guarded = Object.create(this.client) as RedisClient & Record<string, unknown>;
    for (const name of UNWATCHED) {
      const command = commands[name]?.bind(this.client);
      if (!command) continue;
      guarded[name] = (...args: unknown[]) =>
        command(...args.map((arg) => this.guardIfListener(arg))).catch((error: unknown) => {
          if (!this.closed) this.listener.onUnsent(name, error);
        });
    }
    for (const name of ['on', 'off'] as const) {
      guarded[name] = (event, listener) => this.client[name](event, this.guardIfListener(listener) as Listener);
    }
    return guarded;
  }

  /** An undecodable message would end the process. A listener always gets the same guard, so that it can be removed. */
  private guardIfListener(arg: unknown): unknown {
    if (typeof arg !== 'function') return arg;
    const listener = arg as Listener;
    let guarded = this.guardedListeners.get(listener);
    if (!guarded) {
      const onError = (error: unknown): void => this.listener.onUnreadable(error);
      guarded = function forward(this: object, ...args) {
        callEach([listener], this, args, onError);
      };
      this.guardedListeners.set(listener, guarded);
    }
    return guarded;
  }

  private readonly onReady = (): void => {
    this.ready = true;
    this.listener.onReady(this);
  };

  private readonly onError = (error: Error): void => {
    this.lastError = error;
    if (!this.ready || this.closed) return;
    this.ready = false;
    this.listener.onLost(this, error);
  };
}
