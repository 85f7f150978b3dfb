import type { Namespace } from '../../websocket/index.js';
import { observeBroadcasts } from './observe-broadcasts.js';
import type { ObservedSocket } from './observed-socket.js';
import type { ObservedApp } from './observed-app.js';

/** What rooms need to know about the sockets. */
export interface SocketsSeen {
  /** The observed socket with this id. */
  ofId(namespace: Namespace, id: string): ObservedSocket | undefined;
  /** How many events the server has sent to clients. An event counts once per client. */
  countSent(): number;
}

/** Observes who joins and leaves rooms, by the adapters' events, and broadcasts that no client receives. */
export class RoomObserver {
  private readonly adapters = new WeakSet<object>();
  private readonly restores: (() => void)[] = [];

  constructor(
    private readonly app: ObservedApp,
    private readonly sockets: SocketsSeen,
  ) {}

  /** Call it again whenever the namespace may have another adapter. */
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
    // A client that disconnects leaves all its rooms, which needs no entry.
    if (!observed.leaving) this.record(kind, observed, room);
    this.app.activity.changed();
  }

  /** Records a room that a client is in from now on, except its own room. */
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
        // A client's own room has the client's id as its name.
        const rooms = ids.map((room) => this.sockets.ofId(namespace, room)?.name ?? room);
        this.app.record({ kind: 'unheard', namespace: namespace.name, event, args, rooms });
      },
    );
    this.restores.push(restore);
  }
}
