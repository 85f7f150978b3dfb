import { once } from 'node:events';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { Fact } from './observation.js';

export interface ConnectOptions extends Partial<ManagerOptions & SocketOptions> {
  namespace?: string;
  /** The one of a gateway, where that has a port of its own. */
  port?: number;
  /** An event that it answers from the first on, and with what. */
  autoAnswer?: readonly [event: string, answer: unknown];
}

/** The namespace of the fences: what goes by the same connection keeps its order. */
export const FENCES = '/~fences';

/** A client of socket.io-client, which records all that it sees. */
export class Client {
  readonly facts: Fact[] = [];
  readonly socket: Socket;
  private readonly unanswered = new Set<string>();
  private asked = 0;
  private fences: Socket | undefined;

  constructor(
    readonly name: string,
    url: string,
    { namespace = '/', autoAnswer, ...options }: ConnectOptions,
  ) {
    this.socket = io(url + (namespace.startsWith('/') ? namespace : `/${namespace}`), {
      forceNew: true,
      reconnection: false,
      autoConnect: false,
      ...options,
    });
    this.socket.on('connect', () => this.see('connect', ...(this.socket.recovered ? ['recovered'] : [])));
    this.socket.on('connect_error', (error) =>
      this.see('connect_error', error.message, ...('data' in error ? [error.data] : [])),
    );
    this.socket.on('disconnect', (reason) => this.see('disconnect', reason));
    if (autoAnswer) {
      const [event, answer] = autoAnswer;
      this.socket.on(event, (ack: (answer: unknown) => void) => ack(answer));
    }
    this.socket.onAny((event: string, ...args: unknown[]) => {
      this.see('event', event, ...this.withoutOffset(args).map((arg) => (typeof arg === 'function' ? '[ack]' : arg)));
    });
  }

  see(...fact: unknown[]): void {
    this.facts.push([this.name, ...fact]);
  }

  /** Where the client's state can be recovered, each broadcast has an offset behind it. */
  private withoutOffset(args: readonly unknown[]): readonly unknown[] {
    const hasOffset = '_pid' in this.socket && this.socket['_pid'] !== undefined && typeof args.at(-1) === 'string';
    return hasOffset && args.length > 1 ? args.slice(0, -1) : args;
  }

  /** Connects, again too. Resolves when it is in the namespace, or refused. */
  async connect(): Promise<this> {
    const { socket } = this;
    const decided = new Promise<void>((resolve) => {
      const end = (): void => resolve();
      socket.once('connect', end).once('connect_error', end).once('disconnect', end);
      socket.io.once('close', end);
    });
    socket.connect();
    await decided;
    return this;
  }

  /** Sends an event with an ack, and waits until it has been handled. */
  async ask(event: string, ...args: unknown[]): Promise<void> {
    this.asked += 1;
    const question = `${this.asked} ${event}`;
    this.unanswered.add(question);
    this.socket.emit(event, ...args, (...answer: unknown[]) => {
      this.unanswered.delete(question);
      this.see('ack', event, ...answer);
    });
    await this.fence();
  }

  /** Sends an event without an ack, and waits until it has been handled. */
  async tell(event: string, ...args: unknown[]): Promise<void> {
    this.socket.emit(event, ...args);
    await this.fence();
  }

  /** The next event of this name. */
  async hears(event: string): Promise<unknown[]> {
    return (await once(this.socket as never, event)) as unknown[];
  }

  /** Resolves when it is disconnected, at once where it is. */
  async leaves(): Promise<void> {
    if (this.socket.connected) await once(this.socket as never, 'disconnect');
  }

  /** Sends packets of Engine.IO as they are. */
  async sendRaw(...packets: string[]): Promise<void> {
    this.together(() => {
      for (const packet of packets) this.socket.io.engine.write(packet);
    });
    await this.fence();
  }

  /** Has all that is sent meanwhile go at once: by polling in one request. */
  together(send: () => void): void {
    const { engine } = this.socket.io;
    engine.transport.writable = false;
    send();
    engine.transport.writable = true;
    engine['flush']();
  }

  /** Waits until the server has handled all that this client has sent, and this client has all that it was sent. */
  async fence(): Promise<void> {
    const { io: manager, auth } = this.socket;
    if (manager._readyState !== 'open') return;
    this.fences ??= manager.socket(FENCES, { auth });
    const { fences } = this;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        manager.off('close', end);
        fences.off('connect_error', end);
        resolve();
      };
      manager.on('close', end);
      fences.on('connect_error', end);
      // One that joins already would ask twice, for which Socket.IO ends the connection.
      if (!fences.active) fences.connect();
      fences.emit('fence', end);
    });
  }

  /** What it has seen; it sees nothing more. */
  conclude(): readonly Fact[] {
    const seen = this.facts.slice();
    for (const question of this.unanswered) seen.push([this.name, 'no ack', question.replace(/^\d+ /, '')]);
    return seen;
  }

  disconnect(): void {
    this.fences?.disconnect();
    this.socket.disconnect();
    this.socket.io._close();
  }
}
