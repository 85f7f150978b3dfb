import type { Socket } from 'socket.io-client';
import type { ServerEnd } from '../observer/server-end.js';
import type { SentEvent } from '../model/sent-event.js';
import type { ReceivedEvent } from '../model/received-event.js';
import type { Happening } from '../timeline/entry.js';
import type { Recorder } from '../timeline/timeline.js';
import type { ConnectionContext } from './assertion-context.js';
import { connectionIdOf, sentFromQueue } from '../socket-io/client-internals.js';
import { PacketType, isAck, isEvent, type Packet, type WireListener } from '../socket-io/observe-packets.js';

/** An event that has arrived, before the listeners get it. */
type Arrival = Omit<ReceivedEvent, 'event' | 'args' | 'isHeard'>;

/**
 * Records in the timeline what a client sends and receives, and links what belongs together: an ack with its event, and
 * a received event with what made the server send it.
 */
export class ClientTraffic implements WireListener {
  /** The server's end of each connection, from its first packet on. A client that reconnects has several. */
  readonly serverEnds: ServerEnd[] = [];
  /** The event that was sent last. */
  lastSent: SentEvent | undefined;
  /** The events that wait for an ack, by its id: from the server in `unanswered`, from the client in `asked`. */
  private readonly unanswered = new Map<number, SentEvent>();
  private readonly asked = new Map<number, { event: string; entry: number }>();
  /** Of the client's queue: the events that were sent, and the callbacks of the events that were not. */
  private readonly sentOfQueue = new WeakMap<object, SentEvent>();
  private readonly waiting = new WeakMap<object, (sent: SentEvent) => void>();
  /** The arrivals of events that have not reached the listeners yet. */
  private readonly arrivals: Arrival[] = [];

  constructor(
    /** The client's name and namespace, for timeline entries. */
    private readonly whose: { readonly client: string; readonly namespace: string },
    private readonly socket: Socket,
    private readonly context: ConnectionContext,
  ) {}

  /** The server's end of the latest connection. */
  get serverEnd(): ServerEnd | undefined {
    return this.serverEnds.at(-1);
  }

  /** Records what the client does, at the node that it is connected to. */
  get record(): Recorder {
    return this.serverEnd?.record ?? this.context.record;
  }

  /** The events that wait for an ack, oldest first. */
  get pendingAcks(): readonly SentEvent[] {
    return [...this.unanswered.values()];
  }

  /** Resolves when this queued event is sent. */
  whenSent(queued: object): Promise<SentEvent> {
    return new Promise((resolve) => {
      this.waiting.set(queued, resolve);
    });
  }

  /** After a disconnect, no ack can arrive any more. */
  giveUpAcks(): void {
    this.unanswered.clear();
  }

  /** Returns the arrival of the event that the listeners get next. */
  nextArrival(): Arrival {
    return this.arrivals.shift() ?? { at: this.context.timeline.elapsed };
  }

  onSent(packet: Packet): void {
    if (!this.socket.active) return;
    const { record } = this;
    const { id } = packet;
    if (isEvent(packet)) {
      const [event, ...args] = packet.data as [string, ...unknown[]];
      const entry = record({ kind: 'sent', ...this.whose, event, args, asksAck: id !== undefined });
      const queued = sentFromQueue(this.socket);
      // An event that is sent again is the same event, with one ack.
      this.lastSent = (queued && this.sentOfQueue.get(queued)) ?? { event, args, entry };
      if (queued) {
        this.sentOfQueue.set(queued, this.lastSent);
        this.waiting.get(queued)?.(this.lastSent);
      }
      if (id !== undefined) this.unanswered.set(id, this.lastSent);
      this.serverEnd?.noteSent(event, entry);
    } else if (isAck(packet) && id !== undefined) {
      const question = this.asked.get(id);
      if (!question) return;
      this.asked.delete(id);
      const { event, entry: to } = question;
      record({ kind: 'acked', ...this.whose, by: 'client', event, args: packet.data as unknown[], to });
    }
  }

  onReceived(packet: Packet): void {
    // A client that has left may share its connection, but receives nothing from it any more.
    if (!this.socket.active) return;
    const { record } = this;
    const { timeline, activity } = this.context;
    if (packet.type === PacketType.CONNECT) {
      // Events that the server's hooks send arrive before Socket.IO's own `connect` event.
      const { sid } = packet.data as { sid: string };
      const serverEnd = this.context.observer.claim(sid, connectionIdOf(this.socket));
      if (serverEnd) this.serverEnds.push(serverEnd);
    } else if (isEvent(packet)) {
      const [event, ...sent] = packet.data as [string, ...unknown[]];
      const args = this.withoutOffset(sent);
      const happening: Happening = { kind: 'received', ...this.whose, event, args, asksAck: packet.id !== undefined };
      const arrival: Arrival = { at: timeline.elapsed };
      let entry: number | undefined;
      this.serverEnd?.traceReceived(event, (origin) => {
        Object.assign(arrival, origin);
        // The entry may be recorded already.
        if (entry !== undefined) Object.assign(happening, origin.cause && { cause: origin.cause });
      });
      entry = record(happening, arrival.cause);
      this.arrivals.push(Object.assign(arrival, { entry }));
      if (packet.id !== undefined) this.asked.set(packet.id, { event, entry });
    } else if (isAck(packet) && packet.id !== undefined) {
      const sent = this.unanswered.get(packet.id);
      if (!sent) return;
      this.unanswered.delete(packet.id);
      const { event, entry: to } = sent;
      // A copy, because the socket may insert an error argument before the values.
      const args = [...(packet.data as unknown[])];
      const cause = { client: this.whose.client, event, entry: to };
      record({ kind: 'acked', ...this.whose, by: 'server', event, args, to }, cause);
      const take = (): void => {
        if (!sent.isGivenUp) sent.ack = args;
        if (!sent.isAwaited) this.context.observer.refusals.declare(to);
        activity.changed();
      };
      // That the event was refused is told on another way than its ack, which may be faster.
      sent.isJudged = this.serverEnd?.caughtUp?.().then(take);
      if (!sent.isJudged) take();
    }
  }

  /** The arguments as the app sent them: connection state recovery appends an offset to events that it keeps. */
  withoutOffset(args: readonly unknown[]): readonly unknown[] {
    return this.serverEnd?.isOffset(args.at(-1)) ? args.slice(0, -1) : args;
  }
}
