import type { Namespace } from '../../../websocket/index.js';
import {
  packetsOf,
  type Adapter,
  type AdapterClass,
  type AdapterPackage,
  type BroadcastOptions,
  type ClusterMessage,
} from '../../socket-io/in-memory-adapter.js';
import type { EmitterBus, Member } from './emitter-bus.js';

/** The longest time that a timer of Node can take. No node of this process falls silent. */
const NEVER = 2 ** 31 - 1;

/**
 * Creates the adapter class of one node, on Socket.IO's own `ClusterAdapter`. As with Socket.IO's adapter in memory and
 * with `@socket.io/redis-adapter`, the clients of the node that emits get an event at once.
 *
 * With connection state recovery, a client recovers on the node that it was connected to, as with the adapter in memory.
 * That node keeps the events of all nodes.
 */
export function emitterAdapterOf(
  bus: EmitterBus,
  node: number,
  { Adapter: InMemory, SessionAwareAdapter, ClusterAdapterWithHeartbeat, MessageType }: AdapterPackage,
  recovers: boolean,
): AdapterClass {
  const inMemory: Adapter = InMemory.prototype;

  class EmitterAdapter extends ClusterAdapterWithHeartbeat {
    /** Keeps sessions and events. It has no clients, so that what it broadcasts reaches nobody. */
    private readonly recovery: Adapter | undefined;
    /** The harness finds here which argument of an event is the offset that recovery has appended. */
    protected readonly packets: unknown;
    private readonly member: Member;

    constructor(namespace: Namespace) {
      super(namespace, { heartbeatInterval: NEVER, heartbeatTimeout: Infinity });
      this.recovery = recovers ? new SessionAwareAdapter(namespace) : undefined;
      this.packets = this.recovery && packetsOf(this.recovery);
      this.member = {
        node,
        namespace: namespace.name,
        uid: this.uid,
        receive: (message) => this.onMessage(message as ClusterMessage),
        onLost: (uid) => this.onMessage({ type: MessageType.ADAPTER_CLOSE, uid, nsp: namespace.name }),
        onRegrouped: () => void this.init(),
        close: () => this.close(),
      };
      bus.join(this.member);
    }

    override close(): void {
      void super.close();
      bus.leave(this.member);
    }

    override broadcast(packet: object, options: BroadcastOptions): void {
      this.tell(MessageType.BROADCAST, options, { packet });
      this.recovery?.broadcast(packet, options);
      inMemory.broadcast.call(this, packet, options);
    }

    override addSockets(options: BroadcastOptions, rooms: string[]): void {
      this.tell(MessageType.SOCKETS_JOIN, options, { rooms });
      inMemory.addSockets.call(this, options, rooms);
    }

    override delSockets(options: BroadcastOptions, rooms: string[]): void {
      this.tell(MessageType.SOCKETS_LEAVE, options, { rooms });
      inMemory.delSockets.call(this, options, rooms);
    }

    override disconnectSockets(options: BroadcastOptions, close: boolean): void {
      this.tell(MessageType.DISCONNECT_SOCKETS, options, { close });
      inMemory.disconnectSockets.call(this, options, close);
    }

    override persistSession(session: Parameters<Adapter['persistSession']>[0]): void {
      this.recovery?.persistSession(session);
    }

    override restoreSession(...of: Parameters<Adapter['restoreSession']>): ReturnType<Adapter['restoreSession']> {
      return this.recovery?.restoreSession(...of) ?? (Promise.resolve() as Promise<never>);
    }

    override onMessage(message: ClusterMessage): void {
      const { type, data } = message;
      if (type !== MessageType.BROADCAST || !data || data.requestId !== undefined) return super.onMessage(message);
      const { rooms, except, flags } = data.opts;
      // Not the method of the base class: the app may have wrapped this one.
      this.broadcast(data.packet as object, {
        rooms: new Set(rooms),
        except: new Set(except),
        flags: { ...flags, local: true },
      });
    }

    protected async doPublish(message: ClusterMessage): Promise<string> {
      bus.publish(this.member, message);
      return '';
    }

    protected async doPublishResponse(to: string, response: ClusterMessage): Promise<void> {
      bus.publish(this.member, response, to);
    }

    private tell(type: number, { rooms, except, flags }: BroadcastOptions, data: object): void {
      if (flags?.local) return;
      this.publish({ type, data: { ...data, opts: { rooms: [...rooms], except: [...(except ?? [])], flags } } });
    }
  }
  return EmitterAdapter as object as AdapterClass;
}
