import type { Namespace, Server } from '../../websocket/index.js';
import { namespacesOf } from '../../websocket/socket-io/socket-internals.js';

/** The adapter of `@socket.io/redis-streams-adapter`. Its class is not exported. */
interface StreamsAdapter {
  /** Sends a message. @returns its offset in the stream */
  doPublish(message: { type: number; uid: string; nsp: string }): Promise<string>;
  /** Called with each message of the stream. */
  onRawMessage(message: unknown, offset: string): void;
}

/** Where a node's reader of a stream is. */
interface Reader {
  offset: string;
  readonly waiting: (() => void)[];
}

/** The offsets of a server's markers, by namespace. */
export type Markers = Readonly<Record<string, string>>;

/** A heartbeat. Adapters that read a stream ignore it. */
const MARKER = { type: 2, uid: 'emitter' };

const readers = new WeakMap<StreamsAdapter, Reader>();

/**
 * Observes what a server reads from streams. The streams adapter sends events through a stream of Redis, but
 * `serverSideEmit` through pub/sub, which may overtake them.
 */
export function observeStreams(server: Server): void {
  for (const [, adapter] of streamsOf(server)) {
    if (readers.has(adapter)) continue;
    const reader: Reader = { offset: '0-0', waiting: [] };
    readers.set(adapter, reader);
    const onRawMessage = adapter.onRawMessage.bind(adapter);
    adapter.onRawMessage = (message, offset) => {
      onRawMessage(message, offset);
      reader.offset = offset;
      for (const resolve of reader.waiting.splice(0)) resolve();
    };
  }
}

/** Appends a marker to the stream of each namespace, after what the server has published before. */
export async function markStreams(server: Server): Promise<Markers> {
  const marking = streamsOf(server).map(
    async ([{ name }, adapter]) => [name, await adapter.doPublish({ ...MARKER, nsp: name })] as const,
  );
  return Object.fromEntries(await Promise.all(marking));
}

/** Resolves when a server has read the markers of another one. */
export async function untilRead(server: Server, markers: Markers): Promise<void> {
  for (const [{ name }, adapter] of streamsOf(server)) {
    const reader = readers.get(adapter);
    const marker = markers[name];
    if (!reader || marker === undefined) continue;
    while (isBefore(reader.offset, marker)) await new Promise<void>((resolve) => reader.waiting.push(resolve));
  }
}

function streamsOf(server: Server): (readonly [Namespace, StreamsAdapter])[] {
  return namespacesOf(server)
    .filter(({ adapter }) => adapter.constructor.name === 'RedisStreamsAdapter')
    .map((namespace) => [namespace, namespace.adapter as object as StreamsAdapter]);
}

/** Offsets are a time and a number: `1700000000000-0`. */
function isBefore(one: string, other: string): boolean {
  const [time = 0, number = 0] = one.split('-').map(Number);
  const [otherTime = 0, otherNumber = 0] = other.split('-').map(Number);
  return time === otherTime ? number < otherNumber : time < otherTime;
}
