import { serialize } from 'node:v8';
import { io, type Socket } from 'socket.io-client';
import { connectionIdOf } from '../socket-io/client-internals.js';
import { FenceLine, sendNumberToServer } from '../socket-io/fence-line.js';
import { nextTurn, setTimeout } from '../timing/real-time.js';
import { Step, type Emit, type News, type Open } from './protocol.js';

/** How many clients connect at the same time. The queue of a listening socket has room for some hundreds. */
const AT_ONCE = 100;

/** How long news may wait for more, in milliseconds. */
const NEWS_WAIT = 5;

/** The real clients of a crowd. */
export class Sockets {
  private readonly sockets: Socket[] = [];
  /** The ids of the connected sockets, as they are told. */
  private readonly ids: (string | undefined)[] = [];
  private readonly fences = new FenceLine();
  private steps: number[] = [];
  private values: unknown[] = [];
  /** The places of the events in `values`. A broadcast is told once, for all clients. */
  private readonly places = new Map<string, number>();
  private isNewsDue = false;

  constructor(private readonly tell: (news: News) => void) {}

  /** Connects the clients, and resolves when each is connected or refused. */
  async open({ targets, options, auths }: Open): Promise<void> {
    let next = 0;
    const line = async (): Promise<void> => {
      while (next < auths.length) {
        const index = (next += 1) - 1;
        const { url, path } = targets[index % targets.length]!;
        const auth = auths[index];
        await this.connect(
          index,
          io(url, { ...options, path, ...(auth && { auth }), forceNew: true, autoConnect: false }),
        );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
  }

  emit({ clients, event, args }: Emit): void {
    for (const index of clients) this.sockets[index]!.emit(event, ...args);
  }

  emitWithAck({ clients, event, args, timeout }: Emit & { timeout: number }): Promise<([unknown] | undefined)[]> {
    const ask = async (index: number): Promise<[unknown] | undefined> => {
      const answered = this.sockets[index]!.timeout(timeout).emitWithAck(event, ...args) as Promise<unknown>;
      return answered.then(
        (value) => [value],
        () => undefined,
      );
    };
    return Promise.all(clients.map(ask));
  }

  /** Sends a fence on each connection. @returns the clients that have no open connection */
  sendFence(fence: number): number[] {
    const unsent: number[] = [];
    for (const [index, { io: manager }] of this.sockets.entries()) {
      if (manager.engine.readyState === 'open') sendNumberToServer(manager.engine, fence);
      else unsent.push(index);
    }
    return unsent;
  }

  /** Resolves when a fence has arrived at all clients except these. */
  async awaitFence(fence: number, unsent: readonly number[]): Promise<void> {
    const without = new Set(unsent);
    const awaited = this.sockets.filter((_, index) => !without.has(index));
    const engines = awaited.map(({ io: { engine } }) => engine);
    await this.fences.passed(fence, engines, Promise.resolve([]));
    // A socket emits an event some ticks after its connection has received it.
    await nextTurn();
  }

  /** Disconnects clients, and resolves when their connections are closed. */
  async disconnect(clients: readonly number[]): Promise<void> {
    const closing = clients.map(async (index) => {
      const { io: manager } = this.sockets[index]!.disconnect();
      const { engine } = manager;
      if (engine.readyState !== 'closed') await new Promise<void>((resolve) => engine.once('close', () => resolve()));
    });
    await Promise.all(closing);
  }

  /** Tells what has happened since the last time. */
  tellNews(): void {
    this.isNewsDue = false;
    if (this.steps.length === 0) return;
    this.tell({ steps: this.steps, values: this.values });
    this.steps = [];
    this.values = [];
    this.places.clear();
  }

  private connect(index: number, socket: Socket): Promise<void> {
    this.sockets[index] = socket;
    const { io: manager } = socket;
    manager.on('open', () => this.fences.watch(manager.engine));
    return new Promise((resolve) => {
      socket.on('connect', () => {
        this.noteConnected(index, socket);
        resolve();
      });
      socket.on('connect_error', (error) => {
        if (socket.active && manager.reconnection()) return;
        this.note(Step.REFUSED, index, reasonOf(error));
        resolve();
      });
      manager.on('reconnect_failed', () => this.note(Step.DISCONNECTED, index, 'reconnection failed'));
      socket.on('disconnect', (reason) => {
        // Socket.IO also emits it for a client that has not got connected.
        if (this.ids[index] === undefined) return;
        this.ids[index] = undefined;
        const comesBack = socket.active && manager.reconnection();
        this.note(comesBack ? Step.INTERRUPTED : Step.DISCONNECTED, index, reason);
      });
      socket.onAny((event: string, ...args: unknown[]) => {
        // The events that the server's hooks send are emitted before Socket.IO's own `connect`.
        this.noteConnected(index, socket);
        const sent = typeof args.at(-1) === 'function' ? args.slice(0, -1) : args;
        this.note(Step.RECEIVED, index, [event, ...sent], serialize([event, ...sent]).toString('latin1'));
      });
      socket.connect();
    });
  }

  private noteConnected(index: number, socket: Socket): void {
    const { id } = socket;
    if (this.ids[index] === id) return;
    this.ids[index] = id;
    this.note(Step.CONNECTED, index, [id, connectionIdOf(socket)]);
  }

  /** @param key identifies equal values, so that they are told once */
  private note(step: number, client: number, value: unknown, key?: string): void {
    let place = key === undefined ? undefined : this.places.get(key);
    if (place === undefined) {
      place = this.values.push(value) - 1;
      if (key !== undefined) this.places.set(key, place);
    }
    this.steps.push(step, client, place);
    if (this.isNewsDue) return;
    this.isNewsDue = true;
    setTimeout(() => this.tellNews(), NEWS_WAIT);
  }
}

/** Socket.IO's `connect_error`. */
interface ConnectError extends Error {
  /** Set on Engine.IO's `TransportError`. */
  type?: string;
  /** The HTTP status of a polling request, or the event of a WebSocket that failed. */
  description?: number | { message?: string };
  /** The request of the polling transport. */
  context?: { responseText?: string };
}

function reasonOf({ type, message, description, context }: ConnectError): string {
  if (type !== 'TransportError') return message;
  const told = typeof description === 'object' ? description.message : `HTTP status ${description}`;
  return [message, told, context?.responseText].filter(Boolean).join(': ');
}
