import type { Subscription } from 'rxjs';
import { INTERNAL_ERROR, answer } from '../dispatch/error-answer.js';
import type { ErrorAnswer } from '../dispatch/error-answer.js';
import { logFailure, tellFailure } from '../dispatch/failure.js';
import { Message } from '../dispatch/message.js';
import type { Dispatch, Streams } from '../dispatch/message.js';
import type { Ack, MessageHandler, Routes } from '../dispatch/message-handler.js';
import { flowOf } from '../flow/connection-flow.js';
import type { DecodedPacket } from '../flow/packet.js';
import type { Gateway } from '../gateways/gateway.js';
import type { Socket } from '../socket.io.js';
import { callEach, callListeners, guardedCall } from '../guarded-call.js';
import { internalsOf, logListenerFailure } from './guarded-socket.js';
import { logIfFault, refusalOfEvent } from './middlewares.js';

/** An event as Socket.IO's parser decodes it, with an id when the client asks for an ack. */
export interface EventPacket extends DecodedPacket {
  readonly data?: unknown[];
  readonly id?: number;
}

/** An event for which there are handlers, while the client is not ready. */
interface Held {
  readonly args: readonly unknown[];
  readonly ack: Ack | undefined;
  readonly handlers: readonly MessageHandler[];
}

/** What an event that is held takes of memory beside its data, in bytes. */
const HELD_OVERHEAD = 200;

const UNKNOWN_EVENT = answer('UNKNOWN_EVENT', 'Nobody handles this event');

/** The gateways that a client is served by, and what they handle. */
export interface Service {
  readonly gateways: readonly Gateway[];
  readonly routes: Routes;
}

const NO_SERVICE: Service = { gateways: [], routes: new Map() };

/**
 * A client's connection to one namespace. Each of its events goes: the listeners of `onAny`, the middlewares of
 * `socket.use`, raw listeners, then the handlers, which answer.
 */
export class Session implements Streams {
  private service = NO_SERVICE;
  private held: Held[] | undefined;
  private heldBytes = 0;
  /** Whether its connection is not read, since it holds so much. */
  private blocks = false;
  private holds = 0;
  private setUps = 0;
  private streams: Set<Subscription> | undefined;
  /** Why it is over. */
  private closed: string | undefined;

  constructor(
    readonly socket: Socket,
    private readonly dispatch: Dispatch,
    /** It is over, and none of its gateways is still setting it up. */
    private readonly onEnd: (session: Session, reason: string) => void,
  ) {}

  /** Lets its events reach the handlers of gateways; a namespace may have some by its name and some by a pattern. */
  serve(service: Service): void {
    this.service = this.service === NO_SERVICE ? service : joined(this.service, service);
  }

  get isOver(): boolean {
    return this.closed !== undefined;
  }

  get gateways(): readonly Gateway[] {
    return this.service.gateways;
  }

  /** Its gateways begin to set it up: whatever becomes of it meanwhile, its end is told after that. */
  beginSetUp(): void {
    this.setUps += 1;
  }

  endSetUp(): void {
    this.setUps -= 1;
    if (this.closed !== undefined) this.tellEnd(this.closed);
  }

  /** Keeps what handlers are to get, until it was released as often as held, or dropped. */
  hold(): void {
    this.holds += 1;
    this.held ??= [];
  }

  release(): void {
    this.holds -= 1;
    if (this.holds > 0) return;
    for (const { args, ack, handlers } of this.takeHeld()) {
      // One of them may have disconnected the client.
      if (!this.isOver) this.handle(args, ack, handlers);
    }
  }

  /** Answers all that was held with what became of the client. */
  drop(reason: ErrorAnswer): void {
    for (const { ack } of this.takeHeld()) if (ack) tellFailure(this.socket, ack, reason);
  }

  receive(packet: EventPacket): void {
    const { socket } = this;
    const internals = internalsOf(socket);
    const event = packet.data ?? [];
    const ack = packet.id === undefined || packet.id === null ? undefined : internals.ack(packet.id);
    // Raw listeners and middlewares find the ack behind the arguments.
    if (ack) event.push(ack);
    if (internals._anyListeners?.length) {
      callEach(internals._anyListeners, socket, event, (error) =>
        logFailure(`A listener of onAny failed on client ${socket.id}`, error),
      );
    }
    internals.run(event, (error) => {
      if (error) this.deny(error, ack);
      else if (socket.connected) this.deliver(event, packet.bytes);
    });
  }

  add(stream: Subscription): void {
    if (this.isOver) {
      this.unsubscribe(stream);
      return;
    }
    const streams = (this.streams ??= new Set());
    streams.add(stream);
    stream.add(() => streams.delete(stream));
  }

  /** Of the socket: it is gone. */
  close(reason: string): void {
    this.closed = reason;
    for (const stream of this.streams ?? []) this.unsubscribe(stream);
    this.takeHeld();
    this.tellEnd(reason);
  }

  private tellEnd(reason: string): void {
    if (this.setUps === 0) this.onEnd(this, reason);
  }

  /** An Observable's teardown is the app's. */
  private unsubscribe(stream: Subscription): void {
    guardedCall(
      () => stream.unsubscribe(),
      (error) => logFailure(`The end of an Observable failed on client ${this.socket.id}`, error),
    );
  }

  private deliver(event: readonly unknown[], bytes = 0): void {
    const { socket } = this;
    const last = event.at(-1);
    // A middleware may have put a function of its own around it; nothing that a client sends is one.
    const ack = typeof last === 'function' ? (last as Ack) : undefined;
    const name = String(event[0]);
    const heard = this.isHeard(name);
    const handlers = this.service.routes.get(name);
    if (heard) {
      callListeners(socket, name, event.slice(1), (error) => {
        logListenerFailure(socket, name, error);
        if (!handlers) ack?.(INTERNAL_ERROR);
      });
    }
    if (handlers) this.handle(event.slice(1, ack ? -1 : undefined), ack, handlers, bytes);
    else if (ack && !heard && !internalsOf(socket)._anyListeners?.length)
      tellFailure(socket, ack, UNKNOWN_EVENT);
  }

  private handle(
    args: readonly unknown[],
    ack: Ack | undefined,
    handlers: readonly MessageHandler[],
    bytes = 0,
  ): void {
    if (!this.held) {
      new Message(this.dispatch, this.socket, args, ack).run(handlers, this);
      return;
    }
    this.held.push({ args, ack, handlers });
    this.countHeld(bytes + HELD_OVERHEAD);
  }

  /** Beyond the size of the largest message, the connection is not read until the client is ready. */
  private countHeld(bytes: number): void {
    const { conn, nsp } = this.socket;
    const flow = flowOf(conn);
    this.heldBytes += bytes;
    flow?.countHeldEvents(bytes);
    const isMuch = this.heldBytes > nsp.server.engine.opts.maxHttpBufferSize!;
    if (isMuch && !this.blocks) flow?.block();
    if (!isMuch && this.blocks) flow?.unblock();
    this.blocks = isMuch;
  }

  private takeHeld(): readonly Held[] {
    const held = this.held ?? [];
    this.held = undefined;
    if (this.heldBytes > 0) this.countHeld(-this.heldBytes);
    return held;
  }

  /** Whether the app listens on the raw socket. Socket.IO itself listens to `error`, without effect. */
  private isHeard(event: string): boolean {
    return this.socket.listenerCount(event) > (event === 'error' ? 1 : 0);
  }

  /** A middleware of `socket.use` has refused an event: what it said is for the client, what it threw is not. */
  private deny(error: Error, ack: Ack | undefined): void {
    logIfFault(error);
    internalsOf(this.socket)._onerror(error);
    if (ack) tellFailure(this.socket, ack, refusalOfEvent(error));
  }
}

/** Of a namespace that has gateways by its name, and others by a pattern. */
function joined(one: Service, other: Service): Service {
  const routes = new Map(one.routes);
  for (const [event, handlers] of other.routes)
    routes.set(event, [...(routes.get(event) ?? []), ...handlers]);
  return { gateways: [...one.gateways, ...other.gateways], routes };
}
