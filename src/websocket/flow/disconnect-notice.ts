import { answer } from '../dispatch/error-answer.js';
import type { Server } from '../socket.io.js';
import type { Connection } from '../engine-internals.js';
import { PacketType } from './packet.js';
import type { DecodedPacket } from './packet.js';
import type { Violation } from './violation.js';

/**
 * Tells a client why it is disconnected: by `connect_error`, where it was about to join a namespace, else by the event
 * `exception`. There may be no socket yet to emit it.
 */
export function sayWhy({ encoder }: Server, connection: Connection, violation: Violation): void {
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the numbers are those of the protocol
  for (const encoded of encoder.encode(toPacket(violation))) connection.write(encoded);
}

function toPacket({ code, message, packet }: Violation): DecodedPacket {
  const why = answer(code, message);
  const { type, nsp }: Pick<DecodedPacket, 'type' | 'nsp'> = packet ?? { type: PacketType.EVENT, nsp: '/' };
  return type === PacketType.CONNECT
    ? { type: PacketType.CONNECT_ERROR, nsp, data: { message, data: why } }
    : { type: PacketType.EVENT, nsp, data: ['exception', why] };
}
