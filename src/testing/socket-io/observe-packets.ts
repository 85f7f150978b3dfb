import type { Socket } from 'socket.io-client';
import { namespaceOf } from './client-internals.js';

/** A packet of the Socket.IO protocol. */
export interface Packet {
  /** The number of its `PacketType` in socket.io-parser. */
  readonly type: number;
  readonly nsp: string;
  readonly data?: unknown;
  /** Links an event to its ack. */
  readonly id?: number;
}

export const PacketType = { CONNECT: 0, EVENT: 2, ACK: 3, BINARY_EVENT: 5, BINARY_ACK: 6 } as const;

export interface WireListener {
  onSent(packet: Packet): void;
  onReceived(packet: Packet): void;
}

/** The private interface of a `Manager` of socket.io-client: it emits each packet, and sends one. */
interface PacketManager {
  _packet(packet: Packet): void;
  on(event: 'packet', listener: (packet: Packet) => void): void;
  off(event: 'packet'): void;
  listeners(event: 'packet'): ((packet: Packet) => void)[];
}

/**
 * Observes every packet of a client's socket: incoming ones before the socket's listeners, outgoing ones when sent.
 * Acks, and the ids that link them to their events, are visible nowhere else: `onAny` and `onAnyOutgoing` skip both.
 */
export function observeWire(socket: Socket, listener: WireListener): void {
  const manager = socket.io as object as PacketManager;
  // A socket of this manager that the test opened itself has another namespace.
  const nsp = namespaceOf(socket);
  const send = manager._packet.bind(manager);
  manager._packet = (packet) => {
    // This throws if the packet cannot be encoded, and then nothing was sent.
    send(packet);
    if (packet.nsp === nsp) listener.onSent(packet);
  };
  // Sockets modify a packet when they get it, so this listener must come first.
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
