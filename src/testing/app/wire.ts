import type { Socket } from 'socket.io-client';

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

/**
 * Sees every packet of a client's socket: those that come before any listener of the socket does, those that go at
 * the moment in which they are sent. Acks, and the ids that join them with their events, are to be seen nowhere else:
 * `onAny` and `onAnyOutgoing` pass over both.
 *
 * What goes is caught at `Manager#_packet`, which is private to socket.io-client; this file alone knows it.
 */
export function observeWire(socket: Socket, listener: WireListener): void {
  const manager = socket.io as unknown as {
    _packet(packet: Packet): void;
    on(event: 'packet', listener: (packet: Packet) => void): void;
  };
  // A socket of this manager that the test opened itself has a namespace of its own.
  const { nsp } = socket as unknown as { nsp: string };
  const send = manager._packet.bind(manager);
  manager._packet = (packet) => {
    // It throws what cannot be encoded, and then nothing was sent.
    send(packet);
    if (packet.nsp === nsp) listener.onSent(packet);
  };
  manager.on('packet', (packet) => {
    if (packet.nsp === nsp) listener.onReceived(packet);
  });
}

export function isEvent({ type }: Packet): boolean {
  return type === PacketType.EVENT || type === PacketType.BINARY_EVENT;
}

export function isAck({ type }: Packet): boolean {
  return type === PacketType.ACK || type === PacketType.BINARY_ACK;
}

/** What a socket of socket.io-client with the option `retries` keeps private: events, of which one waits for the other. */
interface Queue {
  readonly _queue: readonly object[];
  readonly flags: { readonly fromQueue?: boolean };
  _drainQueue(force?: boolean): void;
}

/** The events that wait for the ack of the one before them, or are sent and have none yet, oldest first. */
export function queueOf(socket: Socket): readonly object[] {
  return (socket as unknown as Queue)._queue;
}

/** Which event of the queue is being sent, for the first time or again; none where it does not come from there. */
export function sentFromQueue(socket: Socket): object | undefined {
  return (socket as unknown as Queue).flags.fromQueue ? queueOf(socket)[0] : undefined;
}

/** Tells whenever an event may have left the queue. */
export function observeQueue(socket: Socket, onChange: () => void): void {
  const queue = socket as unknown as Queue;
  const drain = queue._drainQueue.bind(queue);
  queue._drainQueue = (force) => {
    drain(force);
    onChange();
  };
}

/**
 * Takes connection state recovery's offset off the events that have one, so that no listener of the test's gets an
 * argument that the app did not send. To be called before `observeWire`.
 *
 * The socket needs the offset when it comes back, and looks for it in the last argument: in the private property
 * `_lastOffset` it finds the one that was taken off.
 */
export function hideOffsets(socket: Socket, isOffset: (text: string) => boolean): void {
  let lastOffset: string | undefined;
  Object.defineProperty(socket, '_lastOffset', { get: () => lastOffset, set: () => {} });
  const onReceived = (packet: Packet): void => {
    if (!isEvent(packet) || packet.id !== undefined || !Array.isArray(packet.data)) return;
    const last: unknown = packet.data.at(-1);
    if (typeof last !== 'string' || packet.data.length < 2 || !isOffset(last)) return;
    lastOffset = last;
    packet.data.pop();
  };
  observeWire(socket, { onSent: () => {}, onReceived });
}
