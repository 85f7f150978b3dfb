import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  Module,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from '@nestjs/websockets';
import { concat, EMPTY, from, map, timer, type Observable } from 'rxjs';
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
  'said with bytes as numbers': 'toReceive',
  'said with arguments in another order': 'toReceive',
  'said too late': 'toReceive',
  'said in a room named alike': 'toReceive',
  'said to the sender alone': 'toReceive',
  'said to everybody': 'not.toReceive',
  'said to the sender too': 'not.toReceive',
  'said on another namespace too': 'not.toReceive',
  'said again, late': 'not.toReceive',
  'said twice': 'not.toReceive',
  'ticked once too few': 'toReceiveTimes',
  'ticked under another name': 'toReceiveTimes',
  'ticked for somebody else': 'toReceiveTimes',
  'ticked once too often': 'toReceiveTimes',
  'ticked once too often, late': 'toReceiveTimes',
  'told in another order': 'toReceiveInOrder',
  'told with a gap': 'toReceiveInOrder',
  'told nothing': 'toReceiveInOrder',
  'told to somebody else': 'toReceiveInOrder',
  'told a number twice': 'toReceiveExactly',
  'told something more': 'toReceiveExactly',
  'told something more, late': 'toReceiveExactly',
  'not welcomed': 'toReceiveExactly',
  'welcomed twice': 'toReceiveExactly',
  'welcomed under another name': 'toReceiveExactly',
  'streamed with a part lost': 'toReceiveInOrder',
  'streamed with a part too many': 'not.toReceive',
  'streamed with a part too many, late': 'not.toReceive',
  'whispered to another one': 'toBeAllWhoReceive',
  'whispered to another one too': 'toBeAllWhoReceive',
  'whispered to nobody': 'toBeAllWhoReceive',
  'whispered to the sender too': 'toBeAllWhoReceive',
  'whispered to another one too, late': 'toBeAllWhoReceive',
  'announced to a room only': 'toBeAllWhoReceive',
  'announced to all but the sender': 'toBeAllWhoReceive',
  'announced under another name': 'toBeAllWhoReceive',
  'said in the room by name, to all': 'toBeAllWhoReceive',
  'said in the room by name, to nobody': 'toBeAllWhoReceive',
  'announced to other namespaces': 'toBeAllWhoReceive',
  'no ack': 'toBeAcked',
  'another ack': 'toBeAcked',
  'an ack of another type': 'toBeAcked',
  'an ack too late': 'not.toRaiseException',
  'an error that was not foreseen': 'not.toRaiseException',
  'a vote too few': 'toBeAcked',
  'votes of others too': 'toBeAcked',
  'an ack too many': 'not.toBeAcked',
  'an ack too many, late': 'not.toBeAcked',
  'no exception': 'toRaiseException',
  'an exception with another message': 'toRaiseException',
  'an exception without need': 'not.toRaiseException',
  'an exception to somebody else': 'not.toReceive',
  'let through by the middleware': 'not.toReceive',
  'refused by the middleware without need': 'toBeAcked',
  'held by the middleware': 'not.toRaiseException',
  'let through by the guard': 'toRaiseException',
  'let through by the pipe': 'toRaiseException',
  'refused by the guard without need': 'toBeAcked',
  'not refused': 'toBeRefused',
  'refused for another reason': 'toBeRefused',
  'refused with other data': 'toBeRefused',
  'refused too late': 'toBeRefused',
  'refused without data': 'toBeRefused',
  'refused at the handshake': 'toBeRefused',
  'a namespace closed': 'app.connect',
  'everybody kicked': 'app.connect',
  'everybody refused': 'app.connect',
  'an unknown namespace let in': 'toBeRefused',
  'not kicked': 'toBeDisconnected',
  'kicked for another reason': 'toBeDisconnected',
  'kicked too late': 'toBeDisconnected',
  'a bystander kicked': 'toBeConnected',
  'the one who kicks kicked too': 'toBeConnected',
  'kicked on another namespace too': 'toBeConnected',
  'not in the room': 'toBeInRoom',
  'in a room named alike': 'toBeInRoom',
  'in the room and out again': 'toBeInRoom',
  'in one room too many': 'toBeInRooms',
  'everybody out of the room': 'toBeInRoom',
  'in another room on leaving': 'toBeInRooms',
  'not out of the room': 'not.toBeInRoom',
  'somebody else in the room': 'not.toBeInRoom',
  'nobody told of a leaving': 'toBeAllWhoReceive',
  'told of the leaving of another one': 'toBeAllWhoReceive',
  'told of a leaving twice': 'not.toReceive',
  'connect not logged': 'toHaveLogged',
  'connect logged with another id': 'toHaveLogged',
  'disconnect not logged': 'toHaveLogged',
  'disconnect logged late': 'app.logs.entries.map',
  'logged at another level': 'toHaveLogged',
  'logged in another context': 'toHaveLogged',
  'logged with other parameters': 'toHaveLogged',
  'logged for somebody else': 'toHaveLogged',
  'logged in another case': 'toHaveLogged',
  'logged as an error': 'toHaveLogged',
  'a token logged': 'not.toHaveLogged',
  'a token logged at the end': 'not.toHaveLogged',
  'an error logged at the end': 'not.toHaveLoggedErrors',
  'an error logged': 'not.toHaveLoggedErrors',
  'an error logged, late': 'not.toHaveLoggedErrors',
} as const;
export type Fault = keyof typeof faults;

const FAULT = Symbol('the fault of the gateway under test');

@Injectable()
class LobbyGuard implements CanActivate {
  constructor(@Inject(FAULT) private readonly fault: Fault | 'none') {}

  canActivate(context: ExecutionContext): boolean {
    if (this.fault === 'let through by the guard') return true;
    const { rooms } = context.switchToWs().getClient<Socket>();
    return rooms.has('lobby') && this.fault !== 'refused by the guard without need';
  }
}

@Injectable()
class NamePipe implements PipeTransform {
  constructor(@Inject(FAULT) private readonly fault: Fault | 'none') {}

  transform(name: unknown): unknown {
    if (typeof name !== 'string' && this.fault !== 'let through by the pipe') throw new WsException('a name is a text');
    return name;
  }
}

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
      const data = { until: this.has('refused with other data') ? 'ever' : 'noon' };
      next(this.has('refused without data') ? error : Object.assign(error, { data }));
    });
    if (this.has('refused at the handshake'))
      server.engine.use((request: IncomingMessage, _: unknown, next: (error?: Error) => void) =>
        next(request.headers['x-banned'] ? new Error('banned') : undefined),
      );
    server.of('/news').use((_, next) => next(this.has('a namespace closed') ? new Error('closed') : undefined));
    if (this.has('an unknown namespace let in')) server.of(/^\/.+$/);
  }

  handleConnection(client: Socket): void {
    if (!this.has('connect not logged')) {
      const id = this.has('connect logged with another id') ? 'someone' : client.id;
      this.logger.log(`Client connected: ${id}`);
    }
    if (this.has('a token logged')) this.logger.debug(`auth: ${JSON.stringify(client.handshake.auth)}`);
    if (this.has('refused too late') && client.handshake.auth.banned === true) client.disconnect();
    if (this.has('everybody kicked')) client.disconnect();
    client.use(([event], next) => {
      const isSecret = event === 'secret' && !this.has('let through by the middleware');
      const isRefused = event === 'ask' && this.has('refused by the middleware without need');
      const isHeld = event === 'ask' && this.has('held by the middleware');
      if (!isHeld) next(isSecret || isRefused ? new Error('secret') : undefined);
    });
    if (!this.has('not welcomed')) client.emit(this.has('welcomed under another name') ? 'hello' : 'welcome');
    if (this.has('welcomed twice')) client.emit('welcome');
  }

  async handleDisconnect(client: Socket): Promise<void> {
    const left = this.has('told of the leaving of another one') ? 'somebody' : client.id;
    if (!this.has('nobody told of a leaving')) this.server.emit('left', left);
    if (this.has('told of a leaving twice')) this.server.emit('left', left);
    if (this.has('an error logged at the end')) this.logger.error('it broke');
    if (this.has('a token logged at the end')) this.logger.debug(`auth: ${JSON.stringify(client.handshake.auth)}`);
    if (this.has('disconnect not logged')) return;
    if (this.has('disconnect logged late')) setTimeout(() => this.logger.log(`Client disconnected: ${client.id}`), 150);
    else this.logger.log(`Client disconnected: ${client.id}`);
  }

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    const joined = this.has('in a room named alike') ? room.toUpperCase() : room;
    if (!this.has('not in the room')) await client.join(joined);
    if (this.has('in the room and out again')) await client.leave(joined);
    if (this.has('in one room too many')) await client.join('cellar');
    if (this.has('somebody else in the room')) this.server.socketsJoin(room);
    return room;
  }

  @SubscribeMessage('leave')
  async leave(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    if (!this.has('not out of the room')) await client.leave(room);
    if (this.has('everybody out of the room')) this.server.socketsLeave(room);
    if (this.has('in another room on leaving')) await client.join('cellar');
    return room;
  }

  @SubscribeMessage('say')
  async say(@ConnectedSocket() client: Socket, @MessageBody() text: string): Promise<void> {
    const event = this.has('said under another name') ? 'spoken' : 'said';
    const args: unknown[] = [
      this.has('said with another text') ? `${text}!` : text,
      this.has('said with a number as text') ? '1' : 1,
      this.has('said with a field missing') ? { from: 'alice' } : { from: 'alice', mood: 'good' },
      this.has('said with bytes as numbers')
        ? [1, 2, 3]
        : Buffer.from(this.has('said with other bytes') ? [1, 2] : [1, 2, 3]),
    ];
    if (this.has('said with arguments in another order')) args.reverse();
    if (this.has('said too late')) await delay(2_000);
    if (this.has('said with an argument too few')) args.pop();
    if (this.has('said with an argument too many')) args.push('more');
    const everybody = this.has('said to everybody');
    const audience = everybody
      ? this.server
      : this.has('said to the sender too')
        ? this.server.to('lobby')
        : this.has('said to the sender alone')
          ? client
          : client.to(
              this.has('said in another room') ? 'cellar' : this.has('said in a room named alike') ? 'Lobby' : 'lobby',
            );
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
    if (this.has('told a number twice')) numbers.push(3);
    if (this.has('told nothing')) numbers.splice(0);
    const told = this.has('told to somebody else') ? client.broadcast : client;
    for (const number of numbers) told.emit('number', number);
    if (this.has('told something more')) client.emit('done');
    if (this.has('told something more, late')) {
      await delay(100);
      client.emit('done');
    }
  }

  @SubscribeMessage('tick')
  async tick(@ConnectedSocket() client: Socket): Promise<void> {
    const ticked = this.has('ticked for somebody else') ? client.broadcast : client;
    ticked.emit(this.has('ticked under another name') ? 'tock' : 'tick');
    if (!this.has('ticked once too few')) client.emit('tick');
    if (this.has('ticked once too often')) client.emit('tick');
    if (!this.has('ticked once too often, late')) return;
    await delay(100);
    client.emit('tick');
  }

  @SubscribeMessage('whisper')
  async whisper(@ConnectedSocket() client: Socket, @MessageBody() to: string): Promise<void> {
    const ids = [...this.server.sockets.sockets.keys()];
    const other = ids.find((id) => id !== to && id !== client.id) ?? '';
    if (!this.has('whispered to nobody'))
      this.server.to(this.has('whispered to another one') ? other : to).emit('whispered');
    if (this.has('whispered to the sender too')) client.emit('whispered');
    const late = this.has('whispered to another one too, late');
    if (late) await delay(100);
    if (late || this.has('whispered to another one too')) this.server.to(other).emit('whispered');
  }

  @SubscribeMessage('remark')
  remark(): void {
    const audience = this.has('said in the room by name, to all') ? this.server : this.server.to('lobby');
    if (!this.has('said in the room by name, to nobody')) audience.emit('remarked');
  }

  @SubscribeMessage('stream')
  stream(): Observable<unknown> {
    const parts = this.has('streamed with a part lost') ? [1, 3] : [1, 2, 3];
    if (this.has('streamed with a part too many')) parts.push(4);
    const late = this.has('streamed with a part too many, late') ? timer(100).pipe(map(() => 4)) : EMPTY;
    return concat(from(parts), late).pipe(map((data) => ({ event: 'part', data })));
  }

  /** @returns how many of the lobby have answered */
  @SubscribeMessage('vote')
  async vote(@ConnectedSocket() client: Socket): Promise<number> {
    const asked = this.has('votes of others too')
      ? this.server
      : this.has('a vote too few')
        ? client.to('lobby')
        : this.server.to('lobby');
    return ((await asked.timeout(5_000).emitWithAck('ballot')) as unknown[]).length;
  }

  @SubscribeMessage('secret')
  secret(@ConnectedSocket() client: Socket): void {
    client.emit('told');
  }

  /** Is for who is in the lobby. */
  @UseGuards(LobbyGuard)
  @SubscribeMessage('rename')
  rename(@MessageBody(NamePipe) name: string): string {
    return name;
  }

  @SubscribeMessage('announce')
  announce(@ConnectedSocket() client: Socket): void {
    const audience = this.has('announced to a room only')
      ? this.server.to('lobby')
      : this.has('announced to all but the sender')
        ? client.broadcast
        : this.server;
    audience.emit(this.has('announced under another name') ? 'proclaimed' : 'announced');
    if (this.has('announced to other namespaces')) this.server.of('/news').emit('announced');
  }

  @SubscribeMessage('ask')
  async ask(
    @ConnectedSocket() client: Socket,
    @MessageBody() question: string,
  ): Promise<string | string[] | undefined> {
    if (this.has('an exception without need')) throw new WsException('out of order');
    if (this.has('an error that was not foreseen')) throw new Error('out of order');
    if (this.has('an ack too late')) await delay(2_000);
    if (this.has('no ack')) return undefined;
    this.log(client, question);
    if (this.has('an ack of another type')) return ['yes'];
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
    throw new WsException(this.has('an exception with another message') ? 'out of order' : 'not allowed');
  }

  @SubscribeMessage('kick')
  async kick(@ConnectedSocket() client: Socket, @MessageBody() id: string): Promise<void> {
    const kicked = this.server.sockets.sockets.get(id);
    if (this.has('kicked too late')) await delay(2_000);
    if (this.has('the one who kicks kicked too')) client.disconnect();
    if (this.has('kicked on another namespace too')) this.server.of('/news').disconnectSockets();
    if (this.has('kicked for another reason')) kicked?.conn.close();
    else if (!this.has('not kicked')) kicked?.disconnect();
    if (!this.has('a bystander kicked')) return;
    await delay(50);
    for (const socket of this.server.sockets.sockets.values()) if (socket !== client) socket.disconnect();
  }

  private log(client: Socket, question: string): void {
    const logger = this.has('logged in another context') ? new Logger('CellarGateway') : this.logger;
    const level = this.has('logged at another level') ? 'log' : this.has('logged as an error') ? 'error' : 'warn';
    const write = (): void =>
      logger[level](this.has('logged in another case') ? 'asked' : 'Asked', {
        question: this.has('logged with other parameters') ? '' : question,
      });
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
