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

describe('an audience', () => {
  hastyTest('counts a stranger that has received the event and was refused', async ({ connect }) => {
    const [alice, bob] = await connect(2, { namespace: 'hasty' });
    await expect(connect({ namespace: 'hasty', name: 'mallory', auth: { user: 'mallory' } })).toBeRefused();
    await expect(expect([alice, bob]).toBeAllWhoReceive('joined', 'mallory')).rejects.toThrow('got it: "joined"');
  });

  test('counts a stranger that has received the event and is gone', async ({ connect }) => {
    const [alice, bob, mallory] = await connect(3);
    for (const client of [alice, bob]) await client.emitWithAck('join');
    await alice.emitWithAck('tell all', 'throw strangers out');
    await expect(mallory).toBeDisconnected();
    await expect(expect([alice, bob]).toBeAllWhoReceive('minutes')).rejects.toThrow('client-3 got it');
  });

  test('counts a stranger of a room that has received the event and was let in after it', async ({ app, connect }) => {
    const [alice, bob] = await connect(3);
    for (const client of [alice, bob]) await client.emitWithAck('join');
    await alice.emitWithAck('tell all', 'let strangers in');
    await expect(expect(app.room('lobby')).toBeAllWhoReceive('minutes')).rejects.toThrow('client-3 got it');
  });

  test('of a room is those who were in it when the event was sent', async ({ app, connect }) => {
    const [alice, bob] = await connect(3);
    for (const client of [alice, bob]) await client.emitWithAck('join');
    await alice.emitWithAck('tell the lobby', 'let strangers in');
    await expect(app.room('lobby')).toBeAllWhoReceive('minutes');
    await alice.emitWithAck('tell the lobby', 'empty the lobby');
    await expect(app.room('lobby')).toBeAllWhoReceive('minutes');
    expect(app.room('lobby').clients).toEqual([]);
  });

  test('of a room includes those who have received the event and are gone', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    for (const client of [alice, bob]) await client.emitWithAck('join');
    await alice.emitWithAck('tell the lobby', 'nothing');
    await app.settle();
    await bob.disconnect();
    await expect(app.room('lobby')).toBeAllWhoReceive('minutes');
    await expect(expect(bob).toReceive('minutes')).rejects.toThrow('has taken already');
  });

  test('of a namespace is those who were connected when the event was sent', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    await alice.emitWithAck('tell all', 'nothing');
    await bob.disconnect();
    await connect();
    await expect(app.namespace('/')).toBeAllWhoReceive('minutes');
  });

  test('does not count what somebody who is gone received before', async ({ connect }) => {
    const [alice, bob] = await connect(2);
    await bob.emitWithAck('tell me');
    await bob.disconnect();
    await alice.emitWithAck('tell me');
    await expect([alice]).toBeAllWhoReceive('minutes');
  });
});
