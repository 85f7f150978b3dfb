import type { Namespace } from '../../../websocket/index.js';
import type { AdapterClass } from '../../socket-io/in-memory-adapter.js';
import type { Backplane, Backplanes } from './backplane.js';
import { fenceToNodes } from '../../observer/nodes.js';
import { closeRedis, connectRedis, loadPeer, type RedisClient } from './redis-client.js';

/**
 * Joins the nodes by `@socket.io/redis-streams-adapter`: a stream for events, from which a client can recover on another
 * node, and pub/sub for requests and answers.
 */
export class RedisStreamsBackplanes implements Backplanes {
  constructor(private readonly keyPrefix: string) {}

  async open(_node: number, url: string): Promise<Backplane> {
    const { keyPrefix } = this;
    const { createAdapter } = await loadPeer(
      '@socket.io/redis-streams-adapter',
      () => import('@socket.io/redis-streams-adapter'),
    );
    const client = await connectRedis(url);
    const sessionKeyPrefix = `${keyPrefix}:session:`;
    // The adapter would miss what is published before its first read.
    const readers = new Readers(client, await client.xAdd(keyPrefix, '*', { type: 'start' }));
    const duplicate = (): RedisClient => readers.open();
    const create = createAdapter(Object.assign(Object.create(client) as RedisClient, { duplicate }), {
      streamName: keyPrefix,
      channelPrefix: keyPrefix,
      sessionKeyPrefix,
    });
    // Socket.IO calls an adapter with `new`, and the package does not export the class.
    const adapter = function adapter(namespace: Namespace) {
      return create(namespace);
    } as object as AdapterClass;
    return {
      install: (server) => void server.adapter(adapter),
      joined: async () => void (await client.ping()),
      fence: fenceToNodes,
      leave: () => {
        readers.close();
        client.destroy();
      },
      close: async () => {
        readers.close();
        await closeRedis(client, removeKeys(client, keyPrefix, sessionKeyPrefix));
      },
    };
  }
}

/** The connections on which the adapter waits for messages. It would keep each for seconds after its end. */
class Readers {
  private readonly opened: RedisClient[] = [];
  private isClosed = false;

  constructor(
    private readonly client: RedisClient,
    /** The offset after which to begin. */
    private readonly start: string,
  ) {}

  open(): RedisClient {
    const reader = this.client.duplicate();
    const read = reader.xRead.bind(reader);
    const follow = async (streams: readonly { key: string; id: string }[], options: object): Promise<unknown> => {
      const from = streams.map(({ key, id }) => ({ key, id: id === '$' ? this.start : id }));
      const entries = await read(from, options).catch((error: unknown) => {
        if (!this.isClosed) throw error;
      });
      // The adapter would go on reading.
      return this.isClosed ? new Promise(() => {}) : entries;
    };
    this.opened.push(Object.assign(reader, { xRead: follow }));
    return reader;
  }

  close(): void {
    this.isClosed = true;
    for (const reader of this.opened) if (reader.isOpen) reader.destroy();
  }
}

/** Deletes the stream and the sessions. The node's own sessions were written on the same connection before. */
async function removeKeys(client: RedisClient, stream: string, sessionKeyPrefix: string): Promise<void> {
  const keys = [stream];
  for await (const found of client.scanIterator({ MATCH: '*:session:*' }))
    keys.push(...found.filter((key) => key.startsWith(sessionKeyPrefix)));
  await client.del(keys);
}
