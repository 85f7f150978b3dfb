import type { Namespace } from '../../websocket/index.js';
import { packetsOf } from './in-memory-adapter.js';

/** An offset in a stream of Redis. */
const STREAM_OFFSET = /^\d+-\d+$/;

/** Whether an argument is the offset that connection state recovery appends to the events that it keeps. */
export function isOffset({ adapter, server }: Namespace, arg: unknown): boolean {
  const packets = packetsOf(adapter);
  if (packets) return packets.some(({ id }) => id === arg);
  const isOnStream = adapter.constructor.name === 'RedisStreamsAdapter' && server._opts.connectionStateRecovery;
  return Boolean(isOnStream) && typeof arg === 'string' && STREAM_OFFSET.test(arg);
}
