import { RedisUnavailableError } from '../../../websocket/index.js';
import { EXPIRED, stretched, withTimeout } from '../../timing/deadline.js';

/** What the backplanes use of a client of the package `redis`. Adapters use more of it. */
export interface RedisClient {
  readonly isOpen: boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
  duplicate(): RedisClient;
  destroy(): void;
  ping(): Promise<unknown>;
  xAdd(stream: string, id: string, entry: Record<string, string>): Promise<string>;
  xRead(streams: readonly { key: string; id: string }[], options: object): Promise<unknown>;
  del(keys: string[]): Promise<unknown>;
  scanIterator(options: { MATCH: string }): AsyncIterable<string[]>;
}

/** How long Redis may take to answer, in milliseconds. */
const TIMEOUT = 5_000;

/** The commands whose promises Socket.IO's adapters ignore. They are rejected when the client is closed. */
const UNWATCHED = ['publish', 'subscribe', 'sSubscribe', 'sUnsubscribe', 'set'];

/** @throws RedisUnavailableError when the package `redis` is missing, or Redis does not answer in time */
export async function connectRedis(url: string): Promise<RedisClient> {
  const { createClient } = await loadPeer('redis', () => import('redis'));
  const client = createClient({ url }) as object as RedisClient;
  let reason = 'no answer';
  const note = ({ message }: Error): void => void (reason = message);
  client.on('error', note);
  const timeout = stretched(TIMEOUT);
  const connected = client.connect().catch((error: Error) => {
    note(error);
    return EXPIRED;
  });
  if ((await withTimeout(connected, timeout)) === EXPIRED) {
    if (client.isOpen) client.destroy();
    const { host } = new URL(url);
    throw new RedisUnavailableError(`Redis at ${host} could not be reached within ${timeout} ms (${reason}).`);
  }
  const commands = client as object as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const name of UNWATCHED) {
    const command = commands[name]!.bind(client);
    commands[name] = (...args) => command(...args).catch(() => undefined);
  }
  return client;
}

/** Closes a client after its last command, or when Redis does not answer. */
export async function closeRedis(client: RedisClient, last: Promise<unknown> = client.ping()): Promise<void> {
  await withTimeout(last, stretched(TIMEOUT)).catch(() => {});
  if (client.isOpen) client.destroy();
}

/** @throws RedisUnavailableError when the package is missing */
export async function loadPeer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new RedisUnavailableError(
      `The nodes cannot be joined without the package "${name}". Install it: npm install --save-dev ${name}`,
      { cause: error },
    );
  }
}
