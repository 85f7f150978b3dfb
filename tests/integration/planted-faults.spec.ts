import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Logger, Module } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { startTestApp } from 'nest-realtime-kit/testing';
import type { ConnectOptions, TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import type { Server, Socket } from 'socket.io';
import { describe, test } from 'vitest';

const faults = [
  'connect not logged',
  'connect logged with another id',
  'connect logged twice',
  'disconnect not logged',
  'disconnect logged late',
  'said to everybody',
  'said to the sender too',
  'said in another room',
  'said twice',
  'said again, late',
  'said with another text',
  'said under another name',
  'not said',
  'no ack',
  'another ack',
  'not refused',
  'refused for another reason',
] as const;
type Fault = (typeof faults)[number] | 'none';

const FAULT = Symbol('the fault of the gateway under test');

@WebSocketGateway()
class FaultyGateway {
  @WebSocketServer() private readonly server!: Server;
  private readonly logger = new Logger('RoomGateway');

  constructor(@Inject(FAULT) private readonly fault: Fault) {}

  afterInit(server: Server): void {
    server.use((socket, next) => {
      if (socket.handshake.auth.banned !== true || this.has('not refused')) return next();
      next(new Error(this.has('refused for another reason') ? 'sold out' : 'banned'));
    });
  }

  handleConnection(client: Socket): void {
    if (this.has('connect not logged')) return;
    this.logger.log(
      `Client connected: ${this.has('connect logged with another id') ? 'someone' : client.id}`,
    );
    if (this.has('connect logged twice')) this.logger.log(`Client connected: ${client.id}`);
  }

  async handleDisconnect(client: Socket): Promise<void> {
    if (this.has('disconnect not logged')) return;
    if (this.has('disconnect logged late'))
      setTimeout(() => this.logger.log(`Client disconnected: ${client.id}`), 150);
    else this.logger.log(`Client disconnected: ${client.id}`);
  }

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    await client.join(this.has('said in another room') ? `${room}-2` : room);
    return room;
  }

  @SubscribeMessage('say')
  async say(@ConnectedSocket() client: Socket, @MessageBody() text: string): Promise<string | undefined> {
    const event = this.has('said under another name') ? 'spoken' : 'said';
    const said = this.has('said with another text') ? `${text}!` : text;
    const audience = this.has('said to everybody')
      ? this.server
      : this.has('said to the sender too')
        ? this.server.to('lobby')
        : client.to('lobby');
    if (!this.has('not said')) audience.emit(event, said);
    if (this.has('said twice')) audience.emit(event, said);
    if (this.has('said again, late')) {
      await delay(150);
      audience.emit(event, said);
    }
    if (this.has('no ack')) return undefined;
    return this.has('another ack') ? 'no' : 'ok';
  }

  private has(fault: Fault): boolean {
    return this.fault === fault;
  }
}

function roomModule(fault: Fault): new () => object {
  @Module({ providers: [FaultyGateway, { provide: FAULT, useValue: fault }] })
  class RoomModule {}
  return RoomModule;
}

/** What a user would write to test this gateway: all of it in one, so that every fault meets every statement. */
async function exercise(app: TestApp, transports: ConnectOptions['transports']): Promise<void> {
  const [alice, bob, carol] = await app.connect(3, { transports });
  for (const client of [alice, bob, carol]) await expect(app).toHaveLogged(`Client connected: ${client.id}`);
  await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
  alice.emit('say', 'hi');
  await expect(bob).toReceive('said', 'hi');
  await expect(bob).not.toReceive('said');
  await expect(alice).not.toReceive('said');
  await expect(carol).not.toReceive('said');
  expect(await alice.emitWithAck('say', 'again')).toBe('ok');
  await app.settle();
  expect(bob.received('said')).toEqual([['hi'], ['again']]);
  expect(app.logs.entries.filter(({ message }) => message === `Client connected: ${bob.id}`)).toHaveLength(1);
  await expect(app.connect({ transports, auth: { banned: true } })).toBeRefused('banned');
  await alice.disconnect();
  expect(app.logs.entries.map(({ message }) => message)).toContain(`Client disconnected: ${alice.id}`);
}

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']] as const) {
  describe.concurrent(`over ${transports.join(' to ')}`, () => {
    test('a gateway without a fault is not accused', async () => {
      await using app = await startTestApp(roomModule('none'));
      await exercise(app, [...transports]);
    });

    test.each(faults)('is caught: %s', async (fault) => {
      await using app = await startTestApp(roomModule(fault), { timeout: 300 });
      await expect(exercise(app, [...transports])).rejects.toThrow();
    });
  });
}
