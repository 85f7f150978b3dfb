import { EventEmitter } from 'node:events';
import { deserialize, serialize } from 'node:v8';
import type { CreateAdapter } from 'nest-realtime-kit/testing';
import type { Namespace } from 'socket.io';
import { ClusterAdapterWithHeartbeat, MessageType, type ClusterMessage, type ClusterResponse } from 'socket.io-adapter';

/** What an adapter does wrong in one of a hundred messages. */
export type Fault = 'drops' | 'doubles' | 'reorders' | 'leaks' | 'forgets leaves';

const isFaulty = (): boolean => Math.random() < 0.01;

/** An adapter as a user writes one, on an emitter of this process. */
class OwnAdapter extends ClusterAdapterWithHeartbeat {
  /** A broadcast that the next one overtakes. */
  private held: ClusterMessage | undefined;

  constructor(
    namespace: Namespace,
    private readonly bus: EventEmitter,
    private readonly fault: Fault | undefined,
  ) {
    super(namespace, {});
    bus.on('message', this.onEncoded);
  }

  override close(): void {
    super.close();
    this.bus.off('message', this.onEncoded);
  }

  override del(id: string, room: string): void {
    if (this.fault !== 'forgets leaves' || !isFaulty()) void super.del(id, room);
  }

  override onMessage(message: ClusterMessage): void {
    const isBroadcast = message.type === MessageType.BROADCAST && message.data.requestId === undefined;
    if (!isBroadcast) return super.onMessage(message);
    const { held } = this;
    this.held = undefined;
    if (this.fault === 'reorders' && !held && isFaulty()) this.held = message;
    else if (this.fault !== 'drops' || !isFaulty()) super.onMessage(message);
    if (held) super.onMessage(held);
    if (this.fault === 'doubles' && isFaulty()) super.onMessage(message);
    if (this.fault === 'leaks' && isFaulty()) super.onMessage(this.toAnotherRoom(message));
  }

  protected async doPublish(message: ClusterMessage): Promise<string> {
    this.bus.emit('message', serialize({ message }));
    return '';
  }

  protected async doPublishResponse(to: string, message: ClusterResponse): Promise<void> {
    this.bus.emit('message', serialize({ to, message }));
  }

  private readonly onEncoded = (encoded: Buffer): void => {
    setImmediate(() => {
      const { to, message } = deserialize(encoded) as { to?: string; message: ClusterMessage };
      if (message.nsp === this.nsp.name && (to === undefined || to === this.uid)) this.onMessage(message);
    });
  };

  /** The same message for a room that it is not meant for. */
  private toAnotherRoom(message: ClusterMessage & { data: { opts: { rooms: string[] } } }): ClusterMessage {
    const { opts } = message.data;
    const others = [...this.rooms.keys()].filter((room) => !this.sids.has(room) && !opts.rooms.includes(room));
    return { ...message, data: { ...message.data, opts: { ...opts, rooms: others } } } as ClusterMessage;
  }
}

/** Creates adapters that are joined with each other, with a fault or without. */
export function ownAdapter(fault?: Fault): CreateAdapter {
  const buses = new Map<string, EventEmitter>();
  return (_node, cluster) => {
    const bus = buses.get(cluster) ?? new EventEmitter().setMaxListeners(0);
    buses.set(cluster, bus);
    return (namespace) => new OwnAdapter(namespace, bus, fault);
  };
}
