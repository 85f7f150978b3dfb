import type { Namespace } from '../../websocket/index.js';
import { sentToClients, type ObservedSocket, type Seen } from './observed-socket.js';
import { patch } from './patch.js';

type Broadcast = (packet: { data?: unknown }, options: { rooms?: Iterable<string> }, ...rest: unknown[]) => unknown;

/** Observes who joins and leaves rooms, by the adapters' events, and broadcasts that no client receives. */
export class RoomObserver {
  private readonly adapters = new WeakSet<object>();

  constructor(private readonly seen: Seen) {}

  /** Call it again whenever the namespace may have another adapter. */
  observe(namespace: Namespace): void {
    const { adapter } = namespace;
    if (this.adapters.has(adapter)) return;
    this.adapters.add(adapter);
    for (const method of ['broadcast', 'broadcastWithAck'] as const) this.observeBroadcasts(namespace, method);
    adapter.on('join-room', (room: string, id: string) => this.noteJoined(this.ofId(namespace, id), room));
    adapter.on('leave-room', (room: string, id: string) => this.noteLeft(this.ofId(namespace, id), room));
  }

  /** Records a room that a client is in from now on, except its own room. */
  noteJoined(observed: ObservedSocket | undefined, room: string): void {
    if (!observed || room === observed.socket.id) return;
    observed.membership.join(room);
    this.record('joined', observed, room);
    this.seen.app.activity.changed();
  }

  private noteLeft(observed: ObservedSocket | undefined, room: string): void {
    if (!observed || room === observed.socket.id) return;
    observed.membership.leave(room);
    // A client that disconnects leaves all its rooms, which needs no entry.
    if (!observed.leaving) this.record('left', observed, room);
    this.seen.app.activity.changed();
  }

  private ofId({ sockets }: Namespace, id: string): ObservedSocket | undefined {
    return this.seen.of(sockets.get(id)!);
  }

  private record(kind: 'joined' | 'left', { name: client, socket }: ObservedSocket, room: string): void {
    this.seen.app.record({ kind, client, namespace: socket.nsp.name, room });
  }

  /**
   * Observes broadcasts that no client receives, which leave no other trace: an event for an empty room, or for a
   * client that does not exist.
   */
  private observeBroadcasts(namespace: Namespace, method: 'broadcast' | 'broadcastWithAck'): void {
    if (!this.seen.app.isAlone) return;
    const { adapter, name } = namespace;
    const broadcast = (adapter as object as Record<typeof method, Broadcast>)[method].bind(adapter);
    const observed: Broadcast = (packet, options, ...rest) => {
      const before = sentToClients;
      const result = broadcast(packet, options, ...rest);
      if (sentToClients === before && Array.isArray(packet.data)) {
        const [event, ...args] = packet.data as [string, ...unknown[]];
        // A client's own room has the client's id as its name.
        const rooms = [...(options.rooms ?? [])].map((room) => this.ofId(namespace, room)?.name ?? room);
        this.seen.app.record({ kind: 'unheard', namespace: name, event, args, rooms });
      }
      return result;
    };
    this.seen.app.undo.push(patch(adapter, method, observed));
  }
}
