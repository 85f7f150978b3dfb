import { Module } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';

@WebSocketGateway()
class MeetingGateway {
  @WebSocketServer()
  private readonly server!: Server;

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket): Promise<string> {
    await client.join('lobby');
    return 'joined';
  }

  /** Tells everybody, and then does this to those who are not in the lobby, or to those who are. */
  @SubscribeMessage('tell all')
  tellAll(@MessageBody() then: 'nothing' | 'throw strangers out' | 'let strangers in' | 'empty the lobby'): string {
    this.server.emit('minutes', then);
    if (then === 'throw strangers out') this.server.except('lobby').disconnectSockets();
    if (then === 'let strangers in') this.server.socketsJoin('lobby');
    if (then === 'empty the lobby') this.server.socketsLeave('lobby');
    return 'told';
  }

  @SubscribeMessage('tell the lobby')
  tellLobby(@MessageBody() then: 'nothing' | 'empty the lobby' | 'let strangers in'): string {
    this.server.to('lobby').emit('minutes', then);
    if (then === 'let strangers in') this.server.socketsJoin('lobby');
    if (then === 'empty the lobby') this.server.socketsLeave('lobby');
    return 'told';
  }

  @SubscribeMessage('tell me')
  tellMe(@ConnectedSocket() client: Socket): string {
    client.emit('minutes', 'nothing');
    return 'told';
  }
}

@Module({ providers: [MeetingGateway] })
class MeetingModule {}

/** Tells the lobby of a client before it turns it away. */
@WebSocketGateway({ namespace: 'hasty' })
class HastyGateway {
  @WebSocketServer() private readonly server!: Server;

  async handleConnection(client: Socket): Promise<void> {
    await client.join('lobby');
    this.server.to('lobby').emit('joined', client.handshake.auth.user);
    if (client.handshake.auth.user === 'mallory') client.disconnect();
  }
}

@Module({ providers: [HastyGateway] })
class HastyModule {}

const test = realtimeTest(MeetingModule);
const hastyTest = realtimeTest(HastyModule);

describe('toBeAllWhoReceive', () => {
  hastyTest('fails for an outsider that received the event and was refused', async ({ connect }) => {
    const [alice, bob] = await connect(2, { namespace: 'hasty' });
    await expect(connect({ namespace: 'hasty', name: 'mallory', auth: { user: 'mallory' } })).toBeRefused();
    await expect(expect([alice, bob]).toBeAllWhoReceive('joined', 'mallory')).rejects.toThrow('got it: "joined"');
  });

  test('fails for an outsider that received the event and disconnected', async ({ connect }) => {
    const [alice, bob, mallory] = await connect(3);
    for (const client of [alice, bob]) await client.emitWithAck('join');
    await alice.emitWithAck('tell all', 'throw strangers out');
    await expect(mallory).toBeDisconnected();
    await expect(expect([alice, bob]).toBeAllWhoReceive('minutes')).rejects.toThrow('client-3 got it');
  });

  test('fails for an outsider that received the event and joined the room after it', async ({ app, connect }) => {
    const [alice, bob] = await connect(3);
    for (const client of [alice, bob]) await client.emitWithAck('join');
    await alice.emitWithAck('tell all', 'let strangers in');
    await expect(expect(app.room('lobby')).toBeAllWhoReceive('minutes')).rejects.toThrow('client-3 got it');
  });

  test('expects the clients that were in the room when the event was sent', async ({ app, connect }) => {
    const [alice, bob] = await connect(3);
    for (const client of [alice, bob]) await client.emitWithAck('join');
    await alice.emitWithAck('tell the lobby', 'let strangers in');
    await expect(app.room('lobby')).toBeAllWhoReceive('minutes');
    await alice.emitWithAck('tell the lobby', 'empty the lobby');
    await expect(app.room('lobby')).toBeAllWhoReceive('minutes');
    expect(app.room('lobby').clients).toEqual([]);
  });

  test('counts a member of the room that received the event and disconnected', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    for (const client of [alice, bob]) await client.emitWithAck('join');
    await alice.emitWithAck('tell the lobby', 'nothing');
    await app.settle();
    await bob.disconnect();
    await expect(app.room('lobby')).toBeAllWhoReceive('minutes');
    await expect(expect(bob).toReceive('minutes')).rejects.toThrow('has taken already');
  });

  test('expects the clients of the namespace that were connected when the event was sent', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    await alice.emitWithAck('tell all', 'nothing');
    await bob.disconnect();
    await connect();
    await expect(app.namespace('/')).toBeAllWhoReceive('minutes');
  });

  test('ignores what a disconnected client received earlier', async ({ connect }) => {
    const [alice, bob] = await connect(2);
    await bob.emitWithAck('tell me');
    await bob.disconnect();
    await alice.emitWithAck('tell me');
    await expect([alice]).toBeAllWhoReceive('minutes');
  });
});
