import { guardedCall } from '../errors/guarded-call.js';
import { logFailure } from '../errors/report-error.js';
import type { Namespace, Socket } from './socket.io.js';

type Adapter = Namespace['adapter'];
type Session = NonNullable<Awaited<ReturnType<Adapter['restoreSession']>>>;
type BroadcastOptions = Parameters<Adapter['broadcast']>[1];

/** Of Socket.IO's protocol. */
const EVENT = 2;

/** A client that comes back and is not let in yet. */
interface Recovery {
  /** Unknown while it is looked for. */
  session: Session | undefined;
  /** What has been broadcast since then, the oldest first. */
  readonly meanwhile: { readonly data: unknown[]; readonly options: BroadcastOptions }[];
}

/** Takes the sessions of a namespace over, where `connectionStateRecovery` is on. @param dataOf what is kept of a socket's data */
export function guardRecovery(namespace: Namespace, dataOf: (socket: Socket) => unknown): void {
  if (namespace.server._opts.connectionStateRecovery) new RecoveredSessions(namespace, dataOf).install();
}

/**
 * The sessions of clients that come back to a namespace. Socket.IO sends what a
 * client has missed as soon as it finds its session, before anybody was asked whether it may still come, and finds a
 * session for everybody who names it. Here a session has one client, and what was missed is kept until that is let in,
 * together with what comes meanwhile.
 */
class RecoveredSessions {
  private readonly adapters = new WeakSet<Adapter>();
  private readonly recoveries = new Set<Recovery>();

  constructor(
    private readonly namespace: Namespace,
    private readonly dataOf: (socket: Socket) => unknown,
  ) {}

  install(): void {
    const { namespace } = this;
    const add = namespace._add.bind(namespace);
    const doConnect = namespace['_doConnect'].bind(namespace);
    const remove = namespace._remove.bind(namespace);
    Object.assign(namespace, {
      _add: (...joining: Parameters<typeof add>) => {
        this.guardAdapter();
        return add(...joining);
      },
      /** Lets a client in, and tells it. */
      _doConnect: (socket: Socket, ...rest: unknown[]) => {
        this.deliver(socket);
        doConnect(socket, ...rest);
      },
      /** A client has gone, or was not let in. */
      _remove: (socket: Socket) => {
        this.recoveries.delete(this.find(socket.id)!);
        remove(socket);
      },
    });
  }

  /** Has the namespace's adapter, which the app may have changed, find sessions in this way. */
  private guardAdapter(): void {
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
        // In memory what was missed is known at once: all that is broadcast from now on is kept here.
        const session = (await restore(...of)) as Session | null;
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
      persist(socket ? { ...session, data: this.dataOf(socket) } : session);
    };
    adapter.broadcast = (packet: { data?: unknown[] }, options) => {
      const length = packet.data?.length;
      broadcast(packet, options);
      // What the adapter keeps for recovery has its offset behind it now.
      if (this.recoveries.size === 0 || !packet.data || packet.data.length === length) return;
      for (const { meanwhile } of this.recoveries) meanwhile.push({ data: packet.data, options });
    };
  }

  private deliver(socket: Socket): void {
    const recovery = this.find(socket.id);
    if (!recovery?.session) return;
    this.recoveries.delete(recovery);
    const { missedPackets, rooms } = recovery.session;
    const meanwhile = recovery.meanwhile.filter(({ options }) => isFor(rooms, options));
    for (const data of [...missedPackets, ...meanwhile.map((packet) => packet.data)])
      guardedCall(
        () => socket['packet']({ type: EVENT, data }),
        // Nobody has got it: it could not be encoded when it was broadcast.
        (error) => logFailure(`What client ${socket.id} has missed could not be sent`, error),
      );
  }

  private find(sid: string): Recovery | undefined {
    return [...this.recoveries].find(({ session }) => session?.sid === sid);
  }
}

/** As Socket.IO's adapter in memory looks at what was missed. */
function isFor(rooms: Session['rooms'], options: BroadcastOptions): boolean {
  const included = options.rooms.size === 0 || rooms.some((room) => options.rooms.has(room));
  return included && !rooms.some((room) => options.except?.has(room));
}
