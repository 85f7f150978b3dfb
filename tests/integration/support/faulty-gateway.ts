import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Logger, Module } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';

/** The faults that the gateway below can have, each with what states the opposite. */
export const faults = {
  'not said': 'toReceive',
  'said with another text': 'toReceive',
  'said under another name': 'toReceive',
  'said in another room': 'toReceive',
  'said with an argument too many': 'toReceive',
  'said with an argument too few': 'toReceive',
  'said with a number as text': 'toReceive',
  'said with a field missing': 'toReceive',
  'said with other bytes': 'toReceive',
  'said to everybody': 'not.toReceive',
  'said to the sender too': 'not.toReceive',
  'said on another namespace too': 'not.toReceive',
  'said again, late': 'not.toReceive',
  'said twice': 'not.toReceive',
  'ticked once too few': 'toReceiveTimes',
  'ticked once too often': 'toReceiveTimes',
  'ticked once too often, late': 'toReceiveTimes',
  'told in another order': 'toReceiveInOrder',
  'told with a gap': 'toReceiveInOrder',
  'told something more': 'toReceiveExactly',
  'told something more, late': 'toReceiveExactly',
  'not welcomed': 'toReceiveExactly',
  'welcomed twice': 'toReceiveExactly',
  'whispered to another one': 'toBeAllWhoReceive',
  'whispered to another one too': 'toBeAllWhoReceive',
  'whispered to nobody': 'toBeAllWhoReceive',
  'announced to a room only': 'toBeAllWhoReceive',
  'announced to other namespaces': 'toBeAllWhoReceive',
  'no ack': 'toBeAcked',
  'another ack': 'toBeAcked',
  'an ack too many': 'not.toBeAcked',
  'an ack too many, late': 'not.toBeAcked',
  'no exception': 'toRaiseException',
  'an exception with another message': 'toRaiseException',
  'an exception without need': 'not.toRaiseException',
  'an exception to somebody else': 'not.toReceive',
  'not refused': 'toBeRefused',
  'refused for another reason': 'toBeRefused',
  'refused with other data': 'toBeRefused',
  'refused too late': 'toBeRefused',
  'everybody refused': 'app.connect',
  'an unknown namespace let in': 'toBeRefused',
  'not kicked': 'toBeDisconnected',
  'kicked for another reason': 'toBeDisconnected',
  'a bystander kicked': 'toBeConnected',
  'not in the room': 'toBeInRoom',
  'in one room too many': 'toBeInRooms',
  'not out of the room': 'not.toBeInRoom',
  'somebody else in the room': 'not.toBeInRoom',
  'connect not logged': 'toHaveLogged',
  'connect logged with another id': 'toHaveLogged',
  'disconnect not logged': 'toHaveLogged',
  'disconnect logged late': 'app.logs.entries.map',
  'logged at another level': 'toHaveLogged',
  'logged in another context': 'toHaveLogged',
  'logged with other parameters': 'toHaveLogged',
  'logged for somebody else': 'toHaveLogged',
  'a token logged': 'not.toHaveLogged',
  'an error logged': 'not.toHaveLoggedErrors',
  'an error logged, late': 'not.toHaveLoggedErrors',
} as const;
export type Fault = keyof typeof faults;

const FAULT = Symbol('the fault of the gateway under test');

/** A room, with something in it for every statement; and with one fault, or none. */
@WebSocketGateway()
class RoomGateway {
  @WebSocketServer() private readonly server!: Server;
  private readonly logger = new Logger('RoomGateway');

  constructor(@Inject(FAULT) private readonly fault: Fault | 'none') {}

  afterInit(server: Server): void {
    server.use((socket, next) => {
      const banned = socket.handshake.auth.banned === true || this.has('everybody refused');
      if (!banned || this.has('not refused') || this.has('refused too late')) return next();
      const error = new Error(this.has('refused for another reason') ? 'sold out' : 'banned');
      next(Object.assign(error, { data: { until: this.has('refused with other data') ? 'ever' : 'noon' } }));
    });
    server.of('/news');
    if (this.has('an unknown namespace let in')) server.of(/^\/.+$/);
  }

  handleConnection(client: Socket): void {
    if (!this.has('connect not logged')) {
      const id = this.has('connect logged with another id') ? 'someone' : client.id;
      this.logger.log(`Client connected: ${id}`);
    }
    if (this.has('a token logged')) this.logger.debug(`auth: ${JSON.stringify(client.handshake.auth)}`);
    if (this.has('refused too late') && client.handshake.auth.banned === true) client.disconnect();
    if (!this.has('not welcomed')) client.emit('welcome');
    if (this.has('welcomed twice')) client.emit('welcome');
  }

  async handleDisconnect(client: Socket): Promise<void> {
    if (this.has('disconnect not logged')) return;
    if (this.has('disconnect logged late')) setTimeout(() => this.logger.log(`Client disconnected: ${client.id}`), 150);
    else this.logger.log(`Client disconnected: ${client.id}`);
  }

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    if (!this.has('not in the room')) await client.join(room);
    if (this.has('in one room too many')) await client.join('cellar');
    if (this.has('somebody else in the room')) this.server.socketsJoin(room);
    return room;
  }

  @SubscribeMessage('leave')
  async leave(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    if (!this.has('not out of the room')) await client.leave(room);
    return room;
  }

  @SubscribeMessage('say')
  async say(@ConnectedSocket() client: Socket, @MessageBody() text: string): Promise<void> {
    const event = this.has('said under another name') ? 'spoken' : 'said';
    const args: unknown[] = [
      this.has('said with another text') ? `${text}!` : text,
      this.has('said with a number as text') ? '1' : 1,
      this.has('said with a field missing') ? { from: 'alice' } : { from: 'alice', mood: 'good' },
      Buffer.from(this.has('said with other bytes') ? [1, 2] : [1, 2, 3]),
    ];
    if (this.has('said with an argument too few')) args.pop();
    if (this.has('said with an argument too many')) args.push('more');
    const everybody = this.has('said to everybody');
    const audience = everybody
      ? this.server
      : this.has('said to the sender too')
        ? this.server.to('lobby')
        : client.to(this.has('said in another room') ? 'cellar' : 'lobby');
    if (!this.has('not said')) audience.emit(event, ...args);
    if (this.has('said twice')) audience.emit(event, ...args);
    if (this.has('said on another namespace too')) this.server.of('/news').emit(event, ...args);
    if (this.has('said again, late')) {
      await delay(100);
      audience.emit(event, ...args);
    }
  }

  @SubscribeMessage('count')
  async count(@ConnectedSocket() client: Socket): Promise<void> {
    const numbers = this.has('told in another order') ? [1, 3, 2] : [1, 2, 3];
    if (this.has('told with a gap')) numbers.splice(1, 1);
    for (const number of numbers) client.emit('number', number);
    if (this.has('told something more')) client.emit('done');
    if (this.has('told something more, late')) {
      await delay(100);
      client.emit('done');
    }
  }

  @SubscribeMessage('tick')
  async tick(@ConnectedSocket() client: Socket): Promise<void> {
    client.emit('tick');
    if (!this.has('ticked once too few')) client.emit('tick');
    if (this.has('ticked once too often')) client.emit('tick');
    if (!this.has('ticked once too often, late')) return;
    await delay(100);
    client.emit('tick');
  }

  @SubscribeMessage('whisper')
  whisper(@ConnectedSocket() client: Socket, @MessageBody() to: string): void {
    const ids = [...this.server.sockets.sockets.keys()];
    const other = ids.find((id) => id !== to && id !== client.id) ?? '';
    if (!this.has('whispered to nobody'))
      this.server.to(this.has('whispered to another one') ? other : to).emit('whispered');
    if (this.has('whispered to another one too')) this.server.to(other).emit('whispered');
  }

  @SubscribeMessage('announce')
  announce(): void {
    const audience = this.has('announced to a room only') ? this.server.to('lobby') : this.server;
    audience.emit('announced');
    if (this.has('announced to other namespaces')) this.server.of('/news').emit('announced');
  }

  @SubscribeMessage('ask')
  ask(@ConnectedSocket() client: Socket, @MessageBody() question: string): string | undefined {
    if (this.has('an exception without need')) throw new WsException('why');
    if (this.has('no ack')) return undefined;
    this.log(client, question);
    return this.has('another ack') ? 'no' : 'yes';
  }

  @SubscribeMessage('hint')
  async hint(): Promise<string | undefined> {
    if (this.has('an ack too many, late')) await delay(100);
    return this.has('an ack too many') || this.has('an ack too many, late') ? 'ack' : undefined;
  }

  @SubscribeMessage('fail')
  fail(): string | undefined {
    if (this.has('no exception')) return undefined;
    if (this.has('an exception to somebody else')) this.server.emit('exception', { message: 'not allowed' });
    throw new WsException(this.has('an exception with another message') ? 'why' : 'not allowed');
  }

  @SubscribeMessage('kick')
  async kick(@ConnectedSocket() client: Socket, @MessageBody() id: string): Promise<void> {
    const kicked = this.server.sockets.sockets.get(id);
    if (this.has('kicked for another reason')) kicked?.conn.close();
    else if (!this.has('not kicked')) kicked?.disconnect();
    if (!this.has('a bystander kicked')) return;
    await delay(50);
    for (const socket of this.server.sockets.sockets.values()) if (socket !== client) socket.disconnect();
  }

  private log(client: Socket, question: string): void {
    const logger = this.has('logged in another context') ? new Logger('CellarGateway') : this.logger;
    const level = this.has('logged at another level') ? 'log' : 'warn';
    const write = (): void =>
      logger[level]('Asked', { question: this.has('logged with other parameters') ? '' : question });
    // Run from a listener of another client's, so that it is the other one who caused it.
    const other = [...this.server.sockets.sockets.values()].find((socket) => socket !== client);
    if (this.has('logged for somebody else')) other?.once('anything', write);
    else write();
    if (this.has('an error logged')) this.logger.error('it broke');
    if (this.has('an error logged, late')) void delay(0).then(() => this.logger.error('it broke'));
  }

  private has(fault: Fault): boolean {
    return this.fault === fault;
  }
}

export function roomModule(fault: Fault | 'none'): new () => object {
  @Module({ providers: [RoomGateway, { provide: FAULT, useValue: fault }] })
  class RoomModule {}
  return RoomModule;
}
