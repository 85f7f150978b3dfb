import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type Socket } from 'nest-realtime-kit';
import { atMostOnce, onlyMembers, orderPerSender, startTestCluster } from 'nest-realtime-kit/testing';
import { inject, test } from 'vitest';

@WebSocketGateway()
class RoomsGateway {
  @SubscribeMessage('join')
  async join(client: Socket, room: string): Promise<string> {
    await client.join(room);
    return room;
  }

  @SubscribeMessage('say')
  say(client: Socket, { room, text }: { room: string; text: string }): void {
    client.to(room).emit('said', text);
  }
}

@Module({ imports: [WebsocketModule], providers: [RoomsGateway] })
class AppModule {}

test.skipIf(!inject('redisUrl'))('keeps its promises while a node goes', async () => {
  const redis = { url: inject('redisUrl')! };
  await using cluster = await startTestCluster(AppModule, { nodes: 3, redis });
  const work = await cluster.workload({
    say: (client, room, text) => client.emit('say', { room, text }),
    join: (client, room) => client.emitWithAck('join', room),
    hears: 'said',
    clients: 12,
  });
  await work.reached(100);
  await cluster.nodes[2]!.close();
  await work.done;
  await cluster.history.check(atMostOnce(), orderPerSender(), onlyMembers());
});
