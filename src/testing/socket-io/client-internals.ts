import type { Socket } from 'socket.io-client';

/*
 * Private members of a socket of socket.io-client that have no documented counterpart:
 * https://github.com/socketio/socket.io/blob/main/packages/socket.io-client/lib/socket.ts
 */

export function namespaceOf(socket: Socket): string {
  return socket['nsp'];
}

/** Whether the connection of a socket is open, opening or closed. */
export function readyStateOf({ io: manager }: Socket): 'open' | 'opening' | 'closed' {
  return manager._readyState;
}

/** The id of its connection. The server has the same id. */
export function connectionIdOf({ io: { engine } }: Socket): string {
  return engine['id'];
}

/** Private members of a socket with the option `retries`: each queued event waits for the ack of the one before it. */
interface Queue {
  readonly _queue: readonly object[];
  readonly flags: { readonly fromQueue?: boolean };
  _drainQueue(force?: boolean): void;
}

/** The events that wait for the ack of the one before them, or for their own ack, oldest first. */
export function queueOf(socket: Socket): readonly object[] {
  return (socket as object as Queue)._queue;
}

/** The event of the queue that is being sent, for the first time or again; `undefined` for any other event. */
export function sentFromQueue(socket: Socket): object | undefined {
  return (socket as object as Queue).flags.fromQueue ? queueOf(socket)[0] : undefined;
}

/** Calls `onChange` whenever an event may have left the queue. */
export function observeQueue(socket: Socket, onChange: () => void): void {
  const queue = socket as object as Queue;
  const drain = queue._drainQueue.bind(queue);
  queue._drainQueue = (force) => {
    drain(force);
    onChange();
  };
}

/** Makes a manager create a new socket for a namespace. It would reuse the refused one, whatever the options. */
export function forgetSocket({ io: manager }: Socket, namespace: string): void {
  Reflect.deleteProperty(manager['nsps'], namespace);
}

/** Gets what a client's socket emits to its listeners. */
export interface SocketListener {
  onConnect(): void;
  onDisconnect(reason: string): void;
  onEvent(event: string, args: readonly unknown[]): void;
  /** Called with what a listener of an event has returned. */
  onResult(event: string, result: unknown): void;
}

type Listener = (...args: unknown[]) => unknown;

/** Private methods with which a socket of socket.io-client emits its own events and those of the server. */
interface Emitting {
  emitReserved(event: string, ...args: unknown[]): void;
  emitEvent(args: readonly unknown[]): void;
}

/**
 * Observes what a socket emits, before its listeners get it and without being a listener. The test, and the front end
 * that it drives, may count the listeners and remove all of them.
 */
export function observeSocket(socket: Socket, listener: SocketListener): void {
  const emitting = socket as object as Emitting;
  const emitReserved = emitting.emitReserved.bind(socket);
  const emitEvent = emitting.emitEvent.bind(socket);
  /** An emitter calls the listeners in a copy of its list, which `slice` makes. */
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

/** The listener that `once` added. The emitter wraps it in a function `on`, which does not return the result. */
function calledOnce(call: Listener & { fn?: Listener }): Listener | undefined {
  return call.name === 'on' ? call.fn : undefined;
}
