import { guardedCall } from '../errors/guarded-call.js';
import { logFailure } from '../errors/report-error.js';
import type { Namespace, Socket } from './socket.io.js';

type Adapter = Namespace['adapter'];
type Session = NonNullable<Awaited<ReturnType<Adapter['restoreSession']>>>;
type BroadcastOptions = Parameters<Adapter['broadcast']>[1];

/** The type of an event packet in Socket.IO's protocol. */
const EVENT = 2;

/** A client that reconnects and has not joined yet. */
interface Recovery {
  /** Undefined while the adapter looks for it. */
  session: Session | undefined;
  /** What has been broadcast since the search began, the oldest first. */
  readonly meanwhile: { readonly data: unknown[]; readonly options: BroadcastOptions }[];
}

/** What is known of a session beside what the adapter keeps. */
interface Known {
  /** The offset of the last event before the session began, if there was one. */
  readonly begin: string | undefined;
  /** Whether the session was given to a client that has joined and not lost its connection since. */
  readonly isTaken: boolean;
  /** In milliseconds, as `Date.now()` counts. */
  readonly at: number;
}

/**
 * The sessions of clients that reconnect to a namespace. Socket.IO sends the missed events as soon as it finds the
 * session, before anything checks that the client may still join. It also gives a session to each client that names it.
 * Here a session has one client. The missed events wait until it may join, with those that are broadcast meanwhile. An
 * event from before the session is not one of them: `socket.io-client` keeps its offset when it begins a new session.
 */
export class RecoveredSessions {
  private readonly adapters = new WeakSet<Adapter>();
  private readonly recoveries = new Set<Recovery>();
  /** By `pid`, the oldest first. */
  private readonly known = new Map<string, Known>();
  /** For each client, the offset of the last event before its session began. */
  private readonly begins = new WeakMap<Socket, string | undefined>();
  private latestOffset: string | undefined;

  constructor(
    private readonly namespace: Namespace,
    private readonly dataOf: (socket: Socket) => unknown,
  ) {}

  /** Call this when a client has left, or was not let in. */
  forget(socket: Socket): void {
    this.recoveries.delete(this.find(socket.id)!);
  }

  /** Wraps the adapter of the namespace. The app may have replaced the adapter since the last call. */
  guardAdapter(): void {
    const { adapter } = this.namespace;
    if (this.adapters.has(adapter)) return;
    this.adapters.add(adapter);
    const restore = adapter.restoreSession.bind(adapter);
    const persist = adapter.persistSession.bind(adapter);
    const broadcast = adapter.broadcast.bind(adapter);
    adapter.restoreSession = async (...of) => {
      const recovery: Recovery = { session: undefined, meanwhile: [] };
      this.recoveries.add(recovery);
      try {
        const [pid, offset] = of;
        const { isTaken, begin } = this.known.get(pid) ?? {};
        const since = (from: string) => restore(pid, from) as Promise<Session | null>;
        // The in-memory adapter collects the missed events synchronously. What is broadcast from now on is kept here.
        const found = isTaken ? [] : [since(offset), ...(begin === undefined ? [] : [since(begin)])];
        const session = withFewest(await Promise.all(found));
        if (session && !this.namespace.sockets.has(session.sid) && !this.find(session.sid)) {
          recovery.session = session;
          return { ...session, missedPackets: [] };
        }
        return undefined as never;
      } finally {
        if (!recovery.session) this.recoveries.delete(recovery);
      }
    };
    adapter.persistSession = (session) => {
      const socket = this.namespace.sockets.get(session.sid);
      this.note(session.pid, { begin: socket && this.begins.get(socket), isTaken: false });
      persist(socket ? { ...session, data: this.dataOf(socket) } : session);
    };
    adapter.broadcast = (packet: { data?: unknown[] }, options) => {
      const length = packet.data?.length;
      broadcast(packet, options);
      // The adapter has added an offset at the end of each event that it keeps for recovery.
      if (!packet.data || packet.data.length === length) return;
      this.latestOffset = packet.data.at(-1) as string;
      for (const { meanwhile } of this.recoveries) meanwhile.push({ data: packet.data, options });
    };
  }

  /** Call this when a client is about to join. If it recovers, it gets the missed events. */
  deliver(socket: Socket): void {
    const recovery = this.find(socket.id);
    if (!recovery?.session) {
      this.begins.set(socket, this.latestOffset);
      return;
    }
    this.recoveries.delete(recovery);
    const { pid, missedPackets, rooms } = recovery.session;
    const begin = this.known.get(pid)?.begin;
    this.begins.set(socket, begin);
    // The in-memory adapter keeps the session. A client that leaves rooms, and then by itself, would be in them again.
    this.note(pid, { begin, isTaken: true });
    const meanwhile = recovery.meanwhile.filter(({ options }) => isFor(rooms, options));
    for (const data of [...missedPackets, ...meanwhile.map((packet) => packet.data)])
      guardedCall(
        () => socket['packet']({ type: EVENT, data }),
        // No client has got this event: it could not be encoded when it was broadcast.
        (error) => logFailure(`What client ${socket.id} has missed could not be sent`, error),
      );
  }

  /** Forgets the sessions that the adapter no longer restores. */
  private note(pid: string, session: Omit<Known, 'at'>): void {
    const { connectionStateRecovery } = this.namespace.server._opts;
    const { maxDisconnectionDuration = 0 } = connectionStateRecovery as { maxDisconnectionDuration?: number };
    this.known.delete(pid);
    this.known.set(pid, { ...session, at: Date.now() });
    for (const [other, { at }] of this.known) {
      if (Date.now() - at <= maxDisconnectionDuration) break;
      this.known.delete(other);
    }
  }

  private find(sid: string): Recovery | undefined {
    return [...this.recoveries].find(({ session }) => session?.sid === sid);
  }
}

/** The offsets are those of events in one order, so the later one has fewer events after it. */
function withFewest([asked, ...others]: readonly (Session | null)[]): Session | null | undefined {
  const fewer = others.find((one) => one && asked && one.missedPackets.length < asked.missedPackets.length);
  return fewer ?? asked;
}

/** The same check as in Socket.IO's in-memory adapter. */
function isFor(rooms: Session['rooms'], options: BroadcastOptions): boolean {
  const included = options.rooms.size === 0 || rooms.some((room) => options.rooms.has(room));
  return included && !rooms.some((room) => options.except?.has(room));
}
