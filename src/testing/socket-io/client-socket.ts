import type { Socket } from 'socket.io-client';

/*
 * What of a socket of socket.io-client is private to it, and has no documented counterpart:
 * https://github.com/socketio/socket.io/blob/main/packages/socket.io-client/lib/socket.ts
 */

export function namespaceOf(socket: Socket): string {
  return socket['nsp'];
}

/** Whether the connection that a socket goes by is open, or opening, or closed. */
export function readyStateOf({ io: manager }: Socket): 'open' | 'opening' | 'closed' {
  return manager._readyState;
}

/** The id of its connection, which the server knows too. */
export function connectionIdOf({ io: { engine } }: Socket): string {
  return engine['id'];
}

/** What a socket of socket.io-client with the option `retries` keeps private: events, of which one waits for the other. */
interface Queue {
  readonly _queue: readonly object[];
  readonly flags: { readonly fromQueue?: boolean };
  _drainQueue(force?: boolean): void;
}

/** The events that wait for the ack of the one before them, or are sent and have none yet, oldest first. */
export function queueOf(socket: Socket): readonly object[] {
  return (socket as object as Queue)._queue;
}

/** Which event of the queue is being sent, for the first time or again; none where it does not come from there. */
export function sentFromQueue(socket: Socket): object | undefined {
  return (socket as object as Queue).flags.fromQueue ? queueOf(socket)[0] : undefined;
}

/** Tells whenever an event may have left the queue. */
export function observeQueue(socket: Socket, onChange: () => void): void {
  const queue = socket as object as Queue;
  const drain = queue._drainQueue.bind(queue);
  queue._drainQueue = (force) => {
    drain(force);
    onChange();
  };
}

/** Has a manager make another socket for a namespace; it would go on with the one that was refused, whatever the options. */
export function forgetSocket({ io: manager }: Socket, namespace: string): void {
  Reflect.deleteProperty(manager['nsps'], namespace);
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
  const emitting = socket as object as Emitting;
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
