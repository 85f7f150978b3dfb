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

/**
 * The sessions of clients that reconnect to a namespace. Socket.IO sends the missed events as soon as it finds the
 * session, before anything checks that the client may still join. It also gives a session to each client that names it.
 * Here a session has one client. The missed events wait until it may join, with those that are broadcast meanwhile.
 */
export class RecoveredSessions {
  private readonly adapters = new WeakSet<Adapter>();
  private readonly recoveries = new Set<Recovery>();
  /** When sessions were given to clients that have joined and not lost their connection since, by `pid`; oldest first. */
  private readonly taken = new Map<string, number>();

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
        // The in-memory adapter collects the missed events synchronously. What is broadcast from now on is kept here.
        const session = this.isTaken(of[0]) ? null : ((await restore(...of)) as Session | null);
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
      this.taken.delete(session.pid);
      persist(socket ? { ...session, data: this.dataOf(socket) } : session);
    };
    adapter.broadcast = (packet: { data?: unknown[] }, options) => {
      const length = packet.data?.length;
      broadcast(packet, options);
      // The adapter has added an offset at the end of each event that it keeps for recovery.
      if (this.recoveries.size === 0 || !packet.data || packet.data.length === length) return;
      for (const { meanwhile } of this.recoveries) meanwhile.push({ data: packet.data, options });
    };
  }

  /** Sends the missed events to a client that is about to join. */
  deliver(socket: Socket): void {
    const recovery = this.find(socket.id);
    if (!recovery?.session) return;
    this.recoveries.delete(recovery);
    const { pid, missedPackets, rooms } = recovery.session;
    this.taken.set(pid, Date.now());
    const meanwhile = recovery.meanwhile.filter(({ options }) => isFor(rooms, options));
    for (const data of [...missedPackets, ...meanwhile.map((packet) => packet.data)])
      guardedCall(
        () => socket['packet']({ type: EVENT, data }),
        // No client has got this event: it could not be encoded when it was broadcast.
        (error) => logFailure(`What client ${socket.id} has missed could not be sent`, error),
      );
  }

  /**
   * The in-memory adapter keeps a session that it has restored. A client that has left rooms since, and then left itself,
   * would be put into these rooms again.
   */
  private isTaken(pid: string): boolean {
    const { connectionStateRecovery } = this.namespace.server._opts;
    const { maxDisconnectionDuration = 0 } = connectionStateRecovery as { maxDisconnectionDuration?: number };
    for (const [other, since] of this.taken) {
      if (Date.now() - since <= maxDisconnectionDuration) break;
      this.taken.delete(other);
    }
    return this.taken.has(pid);
  }

  private find(sid: string): Recovery | undefined {
    return [...this.recoveries].find(({ session }) => session?.sid === sid);
  }
}

/** The same check as in Socket.IO's in-memory adapter. */
function isFor(rooms: Session['rooms'], options: BroadcastOptions): boolean {
  const included = options.rooms.size === 0 || rooms.some((room) => options.rooms.has(room));
  return included && !rooms.some((room) => options.except?.has(room));
}
