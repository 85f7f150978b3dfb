import type { Namespace, Socket } from '../socket.io.js';

type Adapter = Namespace['adapter'];
type Session = NonNullable<Awaited<ReturnType<Adapter['restoreSession']>>>;

/** Of Socket.IO's protocol. */
const EVENT = 2;

/**
 * The sessions of clients that come back to a namespace, where `connectionStateRecovery` is on. Socket.IO sends what a
 * client has missed as soon as it finds its session, before anybody was asked whether it may still come, and finds a
 * session for everybody who names it. Here a session has one client, and what was missed waits until that is let in.
 */
export class RecoveredSessions {
  private readonly adapters = new WeakSet<Adapter>();
  /** What was missed, by the `socket.data` of the session. */
  private readonly missed = new WeakMap<object, Session['missedPackets']>();

  constructor(private readonly namespace: Namespace) {}

  /** Has the namespace's adapter, which the app may have changed, find sessions in this way. */
  guard(): void {
    const { adapter } = this.namespace;
    if (this.adapters.has(adapter)) return;
    this.adapters.add(adapter);
    const restore = adapter.restoreSession.bind(adapter);
    adapter.restoreSession = async (...of) => {
      const session = await restore(...of);
      return session && this.isFree(session) ? this.holdBack(session) : (undefined as never);
    };
  }

  /** Sends a client what it has missed. */
  deliver(socket: Socket): void {
    const data = socket.data as object;
    const packets = this.missed.get(data);
    if (!packets) return;
    this.missed.delete(data);
    for (const packet of packets) socket['packet']({ type: EVENT, data: packet });
  }

  private isFree({ sid }: Session): boolean {
    const { sockets, _preConnectSockets: waiting } = this.namespace as unknown as {
      readonly sockets: ReadonlyMap<string, Socket>;
      readonly _preConnectSockets: ReadonlyMap<string, Socket>;
    };
    return !sockets.has(sid) && !waiting.has(sid);
  }

  private holdBack(session: Session): Session {
    const data = Object.create(Object.prototype, Object.getOwnPropertyDescriptors(session.data)) as object;
    this.missed.set(data, session.missedPackets);
    return { ...session, data, missedPackets: [] };
  }
}
