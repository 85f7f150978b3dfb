import type { Namespace } from '../../websocket/index.js';
import { observeBroadcasts } from './observe-broadcasts.js';
import type { ObservedSocket } from './observed-socket.js';
import type { ObservedApp } from './observed-app.js';

/** What sees the sockets, as far as rooms need it. */
export interface SocketsSeen {
  /** What is known of the socket of that id. */
  ofId(namespace: Namespace, id: string): ObservedSocket | undefined;
  /** How many events the server has sent to clients, each counted for each client. */
  countSent(): number;
}

/** Sees who joins and leaves the rooms of an app, by the events of the adapters, and what is emitted where nobody is. */
export class RoomObserver {
  private readonly adapters = new WeakSet<object>();
  private readonly restores: (() => void)[] = [];

  constructor(
    private readonly app: ObservedApp,
    private readonly sockets: SocketsSeen,
  ) {}

  /** To be called again whenever the namespace may have been given another adapter. */
  observe(namespace: Namespace): void {
    const { adapter } = namespace;
    if (this.adapters.has(adapter)) return;
    this.adapters.add(adapter);
    if (this.app.isAlone) this.observeBroadcasts(namespace);
    adapter.on('join-room', (room: string, id: string) => this.note('joined', namespace, room, id));
    adapter.on('leave-room', (room: string, id: string) => this.note('left', namespace, room, id));
  }

  uninstall(): void {
    for (const restore of this.restores.splice(0)) restore();
  }

  private note(kind: 'joined' | 'left', namespace: Namespace, room: string, id: string): void {
    const observed = this.sockets.ofId(namespace, id);
    if (!observed || room === id) return;
    if (kind === 'joined') return this.noteJoined(observed, room);
    observed.membership.leave(room);
    // That one who leaves is in no room any more goes without saying.
    if (!observed.leaving) this.record(kind, observed, room);
    this.app.activity.changed();
  }

  /** Notes a room that a client is in from now on, but for its own. */
  noteJoined(observed: ObservedSocket, room: string): void {
    if (room === observed.socket.id) return;
    observed.membership.join(room);
    this.record('joined', observed, room);
    this.app.activity.changed();
  }

  private record(kind: 'joined' | 'left', { name: client, socket }: ObservedSocket, room: string): void {
    this.app.record({ kind, client, namespace: socket.nsp.name, room });
  }

  private observeBroadcasts(namespace: Namespace): void {
    const restore = observeBroadcasts(
      namespace,
      () => this.sockets.countSent(),
      ({ event, args, rooms: ids }) => {
        // A client's own room has its id for a name.
        const rooms = ids.map((room) => this.sockets.ofId(namespace, room)?.name ?? room);
        this.app.record({ kind: 'unheard', namespace: namespace.name, event, args, rooms });
      },
    );
    this.restores.push(restore);
  }
}
