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
    off(event: 'packet'): void;
    listeners(event: 'packet'): ((packet: Packet) => void)[];
  };
  // A socket of this manager that the test opened itself has a namespace of its own.
  const { nsp } = socket as unknown as { nsp: string };
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

/** Has a manager make another socket for a namespace; it would go on with the one that was refused, whatever the options. */
export function forgetSocket({ io: manager }: Socket, namespace: string): void {
  Reflect.deleteProperty((manager as unknown as { nsps: object }).nsps, namespace);
}

/** What a client's socket tells its listeners. */
export interface SocketListener {
  onConnect(): void;
  onDisconnect(reason: string): void;
  onEvent(event: string, args: readonly unknown[]): void;
  /** What a listener of an event has returned. */
  onResult(event: string, result: unknown): void;
}

type Listener = (...args: unknown[]) => unknown;

/** The methods, private to socket.io-client, by which a socket tells its listeners of its own events and of the server's. */
interface Emitting {
  emitReserved(event: string, ...args: unknown[]): void;
  emitEvent(args: readonly unknown[]): void;
}

/**
 * Hears what a socket tells its listeners, before they do and without being one of them: the test, and the front end that
 * it drives, may count them and take all of them off.
 */
export function observeSocket(socket: Socket, listener: SocketListener): void {
  const emitting = socket as unknown as Emitting;
  const emitReserved = emitting.emitReserved.bind(socket);
  const emitEvent = emitting.emitEvent.bind(socket);
  /** An emitter calls what is in a copy of its list. */
  const hearing = (event: string, lists: readonly Listener[][], emit: () => void): void => {
    const copyOf = (list: Listener[]): Listener[] => {
      Reflect.deleteProperty(list, 'slice');
      return list.map((call) => (...args) => {
        const once = calledOnce(call);
        if (once) socket.off(event, call);
        listener.onResult(event, (once ?? call).apply(socket, args));
      });
    };
    for (const list of lists) Object.defineProperty(list, 'slice', { value: () => copyOf(list), configurable: true });
    try {
      emit();
    } finally {
      for (const list of lists) Reflect.deleteProperty(list, 'slice');
    }
  };
  emitting.emitReserved = (event, ...args) => {
    if (event === 'connect') listener.onConnect();
    if (event === 'disconnect') listener.onDisconnect(args[0] as string);
    hearing(event, [socket.listeners(event)], () => emitReserved(event, ...args));
  };
  emitting.emitEvent = (args) => {
    const [event, ...rest] = args as [string, ...unknown[]];
    listener.onEvent(event, rest);
    hearing(event, [socket.listeners(event), socket.listenersAny()], () => emitEvent(args));
  };
}

/** What was added by `once`: the emitter has a listener `on` for it, which does not return what it returns. */
function calledOnce(call: Listener & { fn?: Listener }): Listener | undefined {
  return call.name === 'on' ? call.fn : undefined;
}
