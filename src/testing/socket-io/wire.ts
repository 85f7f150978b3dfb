import type { Socket } from 'socket.io-client';
import { namespaceOf } from './client-socket.js';

/** A packet of Socket.IO's protocol. */
export interface Packet {
  /** As `PacketType` of socket.io-parser numbers them. */
  readonly type: number;
  readonly nsp: string;
  readonly data?: unknown;
  /** Joins an event with its ack. */
  readonly id?: number;
}

export const PacketType = { CONNECT: 0, EVENT: 2, ACK: 3, BINARY_EVENT: 5, BINARY_ACK: 6 } as const;

export interface WireListener {
  onSent(packet: Packet): void;
  onReceived(packet: Packet): void;
}

/** What of a `Manager` is private to socket.io-client: that it emits each packet, and how it sends one. */
interface PacketManager {
  _packet(packet: Packet): void;
  on(event: 'packet', listener: (packet: Packet) => void): void;
  off(event: 'packet'): void;
  listeners(event: 'packet'): ((packet: Packet) => void)[];
}

/**
 * Sees every packet of a client's socket: those that come before any listener of the socket does, those that go at
 * the moment in which they are sent. Acks, and the ids that join them with their events, are to be seen nowhere else:
 * `onAny` and `onAnyOutgoing` pass over both.
 */
export function observeWire(socket: Socket, listener: WireListener): void {
  const manager = socket.io as object as PacketManager;
  // A socket of this manager that the test opened itself has a namespace of its own.
  const nsp = namespaceOf(socket);
  const send = manager._packet.bind(manager);
  manager._packet = (packet) => {
    // It throws what cannot be encoded, and then nothing was sent.
    send(packet);
    if (packet.nsp === nsp) listener.onSent(packet);
  };
  // Sockets put into a packet what belongs to them, so that it is to be seen before it comes to one.
  const sockets = manager.listeners('packet');
  manager.off('packet');
  manager.on('packet', (packet) => {
    if (packet.nsp === nsp) listener.onReceived(packet);
  });
  for (const deliver of sockets) manager.on('packet', deliver);
}

export function isEvent({ type }: Packet): boolean {
  return type === PacketType.EVENT || type === PacketType.BINARY_EVENT;
}

export function isAck({ type }: Packet): boolean {
  return type === PacketType.ACK || type === PacketType.BINARY_ACK;
}
