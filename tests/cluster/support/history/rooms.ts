import { Module, type Type } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebsocketModule, type Namespace, type Socket, type WebsocketOptions } from 'nest-realtime-kit';
import type { Conversation } from 'nest-realtime-kit/testing';

/** What a gateway can do wrong with a message, each with the guarantee that it breaks. */
export const faults = {
  'loses a message': 'everyMember',
  'sends a message twice': 'atMostOnce',
  'sends two messages in the wrong order': 'orderPerSender',
  'sends a message to a client outside the room': 'onlyMembers',
  'forgets a message in a recovery': 'wholeRecovery',
} as const;

export type Fault = keyof typeof faults;

/** How many messages are right before one is not. */
const RIGHT = 3;

/** Rooms that clients join, leave and talk in, in two namespaces, with a fault if one is given. */
export function roomsModule(options: WebsocketOptions = {}, fault?: Fault): Type {
  @WebSocketGateway({ namespace: '/' })
  class RoomsGateway {
    @WebSocketServer() private readonly server!: Namespace;
    private right = 0;
    private readonly held = new Map<string, () => void>();

    afterInit(server: Namespace): void {
      if (fault === 'forgets a message in a recovery') forgetMissedPackets(server);
    }

    @SubscribeMessage('join')
    async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
      await client.join(room);
      return room;
    }

    @SubscribeMessage('leave')
    async leave(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
      await client.leave(room);
      return room;
    }

    @SubscribeMessage('say')
    say(@ConnectedSocket() client: Socket, @MessageBody() { room, text }: { room: string; text: string }): void {
      const held = this.held.get(`${client.id} in ${room}`);
      this.held.delete(`${client.id} in ${room}`);
      this.right += 1;
      if (this.right > RIGHT && this.sendWrongly(client, room, text)) this.right = 0;
      else client.to(room).emit('said', { text });
      held?.();
    }

    /** @returns whether there was an occasion for it */
    private sendWrongly(client: Socket, room: string, text: string): boolean {
      const { sockets, adapter } = this.server;
      const members = adapter.rooms.get(room) ?? new Set<string>();
      const others = [...sockets.keys()].filter((id) => id !== client.id);
      const member = others.find((id) => members.has(id));
      const outsider = others.find((id) => !members.has(id));
      if (fault === 'loses a message' && member) {
        client.to(room).except(member).emit('said', { text });
      } else if (fault === 'sends a message twice' && member) {
        client.to(room).emit('said', { text });
        this.server.to(member).emit('said', { text });
      } else if (fault === 'sends two messages in the wrong order' && member) {
        this.held.set(`${client.id} in ${room}`, () => client.to(room).emit('said', { text }));
      } else if (fault === 'sends a message to a client outside the room' && outsider) {
        client.to(room).to(outsider).emit('said', { text });
      } else return false;
      return true;
    }
  }

  @WebSocketGateway({ namespace: '/garden' })
  class GardenGateway extends RoomsGateway {}

  @Module({ imports: [WebsocketModule.forRoot(options)], providers: [RoomsGateway, GardenGateway] })
  class RoomsModule {}
  return RoomsModule;
}

function forgetMissedPackets({ adapter }: Namespace): void {
  const restore = adapter.restoreSession.bind(adapter);
  adapter.restoreSession = async (pid, offset) => {
    const session = await restore(pid, offset);
    session?.missedPackets.splice(0, 1);
    return session;
  };
}

/** How the clients of these rooms talk. */
export const rooms = {
  say: (client, room, text) => client.emit('say', { room, text }),
  join: (client, room) => client.emitWithAck('join', room),
  leave: (client, room) => client.emitWithAck('leave', room),
  hears: 'said',
} satisfies Conversation;
