import type { Socket } from '../../websocket/index.js';
import type { HookError } from '../report/errors.js';
import type { Activity } from '../settle/activity.js';
import { aroundMiddlewares } from '../socket-io/server.js';
import { Membership, nextMoment } from './membership.js';
import { executionContext, type Cause, type ExecutionContext } from '../model/execution-context.js';

/** An event on its way: one end has sent it, the other has not had it yet. */
interface OnItsWay {
  readonly event: string;
  /** Of one from the server: what made the server send it. Of one from the client: its entry in the timeline. */
  readonly cause?: Cause;
  /** Of one from the server: when it was sent, see {@link nextMoment}. */
  readonly sentAt?: number;
}

/** An event of a client's that the middlewares of `socket.use` have let through to the handlers. */
export interface Arrival {
  readonly namespace: string;
  readonly event: string;
  readonly asksAck: boolean;
}

export type ArrivalListener = (arrival: Arrival) => void;

/** What an observed socket needs of the app that it belongs to. */
export interface SocketSurroundings {
  readonly activity: Activity;
  /** The context in which what the client set off runs. */
  readonly contextOf: (cause: Cause) => ExecutionContext;
  /** Notes that the server sends something to a client. */
  readonly onSent: () => void;
  /** Notes an event of a client that the harness did not open. @returns its entry in the timeline */
  readonly recordForeign: (direction: 'sent' | 'received', event: string, args: readonly unknown[]) => number;
  readonly onArrival?: ArrivalListener;
  /** A middleware has refused an event of the client's, or nobody handles it. */
  readonly onRefused: (cause: Cause, error: unknown, by?: string) => void;
}

/** A client's connection to a namespace, seen from the server. */
export class ObservedSocket {
  /** Hooks that failed for it, until somebody has been told. */
  readonly failures: HookError[] = [];
  /** The rooms it is in, and was in, its own left out, as the adapter's events tell. */
  readonly membership = new Membership();
  /** Why the server saw it go. */
  disconnectReason: string | undefined;
  /** Whose event made the server disconnect it, where that is known. */
  disconnectCause: Cause | undefined;
  /** Whether Socket.IO is taking it out of its rooms, since it is gone. */
  leaving = false;
  /** The entry in the timeline of its disconnection, once it is gone. */
  disconnection: number | undefined;
  /** What ends the work that is waited for only as long as the client is there. */
  private readonly whileConnected = new Set<() => void>();
  /** Hooks that have failed, and may be called again: what ends the wait for it. */
  private readonly retries = new Map<string, () => void>();
  private pendingHooks = 0;
  private packetsSent = 0;
  /** What the client has sent and the server not yet had; a connection keeps its order. */
  private readonly toServer: OnItsWay[] = [];
  private readonly toClient: OnItsWay[] = [];
  /** The events that the client did not get though it has got later ones, by name. */
  private readonly lost = new Map<string, number>();

  constructor(
    readonly socket: Socket,
    /** The client's name, or the socket's id when it is none of the test's clients. */
    public name: string,
    /** Whether it is one of the test's clients. */
    public isOwn: boolean,
    /** The entry in the timeline of its connection. */
    readonly connection: number,
    private readonly surroundings: SocketSurroundings,
  ) {
    socket.conn.on('packet', ({ type }) => {
      if (type === 'message') surroundings.activity.moved();
    });
    socket.conn.on('packetCreate', () => (this.packetsSent += 1));
    socket.onAnyOutgoing((event: string, ...args: unknown[]) => {
      surroundings.onSent();
      if (this.isOwn) this.toClient.push({ event, cause: executionContext.getStore()?.cause, sentAt: nextMoment() });
      else surroundings.recordForeign('received', event, args);
    });
    socket.once('disconnect', () => {
      for (const end of this.whileConnected) end();
    });
    this.observePackets();
  }

  /** Makes it one of the test's clients. */
  adopt(name: string): void {
    this.name = name;
    this.isOwn = true;
  }

  /** Whether the server has sent nothing to the client since it let it in. */
  get untouched(): boolean {
    return this.packetsSent === 0 && this.socket.connected;
  }

  /** Whether every hook that was called for it has settled. */
  get hooksSettled(): boolean {
    return this.pendingHooks === 0;
  }

  /** Notes that a hook runs. @returns the function that ends it, to be called once */
  beginHook(hook: string): () => void {
    this.pendingHooks += 1;
    const end = this.surroundings.activity.begin(hook, { client: this.name });
    return () => {
      this.pendingHooks -= 1;
      end();
    };
  }

  /** A hook has failed, and the module may call it again as long as the client is there. */
  expectRetry(hook: string): void {
    if (this.socket.connected) this.retries.set(hook, this.beginWhileConnected(`another try of ${hook}`));
  }

  endRetry(hook: string): void {
    this.retries.get(hook)?.();
  }

  /** Notes what the client sends. @param entry its entry in the timeline */
  noteSent(event: string, entry: number): void {
    this.toServer.push({ event, cause: { client: this.name, event, entry } });
  }

  /** What made the server send the event that the client has just had, and when it did. */
  originOfReceived(event: string): Pick<OnItsWay, 'cause' | 'sentAt'> | undefined {
    return takeFrom(this.toClient, event, ({ event: name }) => this.lost.set(name, (this.lost.get(name) ?? 0) + 1));
  }

  /** How many events of this name the server has sent and the client has not had. */
  undelivered(event: string): number {
    return (this.lost.get(event) ?? 0) + this.toClient.filter((sent) => sent.event === event).length;
  }

  /** What an event of the client's is the cause of: where it has another name by now, the event that was sent. */
  causeBy(event: string): Cause {
    const running = executionContext.getStore()?.cause;
    return running?.client === this.name ? running : { client: this.name, event };
  }

  /** A packet is in flight while asynchronous middlewares of `socket.use` hold it, and what they do is caused by it. */
  private observePackets(): void {
    const { contextOf, onArrival, onRefused } = this.surroundings;
    const namespace = this.socket.nsp.name;
    aroundMiddlewares(this.socket, (run) => (packet, next) => {
      const [event, ...args] = packet;
      // A middleware may drop a packet by never calling next().
      const end = this.beginWhileConnected(`socket.use for "${event}"`);
      // A middleware may call next() from wherever it likes; what follows is still this packet's doing.
      const cause = this.causeOfArrival(event, args);
      const context = contextOf(cause);
      executionContext.run(context, () =>
        run(packet, (error) => {
          end();
          if (error) onRefused(cause, error, 'a middleware of socket.use');
          else if (this.socket.connected) {
            // A middleware may have given it another name.
            if (!this.isHeard(packet[0])) onRefused(cause, 'there is no handler for it');
            onArrival?.({ namespace, event, asksAck: typeof args.at(-1) === 'function' });
          }
          executionContext.run(context, () => next(error));
        }),
      );
    });
  }

  private beginWhileConnected(what: string): () => void {
    const end = this.surroundings.activity.begin(what, { client: this.name });
    this.whileConnected.add(end);
    return () => {
      this.whileConnected.delete(end);
      end();
    };
  }

  private isHeard(event: string): boolean {
    return this.socket.listenerCount(event) > 0 || this.socket.listenersAny().length > 0;
  }

  private causeOfArrival(event: string, args: readonly unknown[]): Cause {
    if (!this.isOwn) {
      const entry = this.surroundings.recordForeign('sent', event, args);
      return { client: this.name, event, entry };
    }
    return takeFrom(this.toServer, event)?.cause ?? { client: this.name, event };
  }
}

/** Takes the oldest of that event. Those before it got lost on the way, as volatile events may. */
function takeFrom(queue: OnItsWay[], event: string, onLost: (lost: OnItsWay) => void = () => {}): OnItsWay | undefined {
  const position = queue.findIndex((candidate) => candidate.event === event);
  if (position === -1) return undefined;
  const taken = queue.splice(0, position + 1);
  for (const lost of taken.slice(0, -1)) onLost(lost);
  return taken.at(-1);
}
