import type { Namespace } from '../../websocket/index.js';
import { now } from '../timing/real-time.js';
import { packetsOf } from './in-memory-adapter.js';

/** How an adapter makes the offsets of connection state recovery: in memory of the time, or as Redis numbers a stream. */
export type OffsetKind = 'time' | 'stream';

/** An offset in a stream of Redis. */
const STREAM_OFFSET = /^\d+-\d+$/;

/** A time as socket.io-adapter writes it; what happens in the same millisecond has a number. */
const TIME_OFFSET = /^([\w-]{7})(?:\.[\w-]+)?$/;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';

/** How far from now the time of an offset may be, in milliseconds. Other words of seven letters are years away. */
const NEAR = 3_600_000;

/** How the offsets look that are appended to the events of a namespace; `undefined` if none are. */
export function offsetKindOf({ adapter, server }: Namespace): OffsetKind | undefined {
  if (packetsOf(adapter)) return 'time';
  const isOnStream = adapter.constructor.name === 'RedisStreamsAdapter' && server._opts.connectionStateRecovery;
  return isOnStream ? 'stream' : undefined;
}

/** Whether an argument is the offset that connection state recovery appends to the events that it keeps. */
export function isOffset(namespace: Namespace, arg: unknown): boolean {
  const packets = packetsOf(namespace.adapter);
  if (packets) return packets.some(({ id }) => id === arg);
  const kind = offsetKindOf(namespace);
  return kind !== undefined && isOffsetOf(kind, arg);
}

/** Whether an argument looks like an offset. Only the process of the adapter knows for sure. */
export function isOffsetOf(kind: OffsetKind, arg: unknown): boolean {
  if (typeof arg !== 'string') return false;
  if (kind === 'stream') return STREAM_OFFSET.test(arg);
  const [, text] = TIME_OFFSET.exec(arg) ?? [];
  if (text === undefined) return false;
  const time = Array.from(text).reduce((sum, digit) => sum * DIGITS.length + DIGITS.indexOf(digit), 0);
  return Math.abs(performance.timeOrigin + now() - time) < NEAR;
}
