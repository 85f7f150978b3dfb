import { Module, type Type } from '@nestjs/common';
import {
  Ack,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
  type OnGatewayConnection,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { WebsocketModule, type WebsocketOptions } from 'nest-realtime-kit';
import { from, map, type Observable } from 'rxjs';
import type { Server, Socket } from 'socket.io';

/** Notes what the app has seen of a client. */
export type Note = (client: string, ...fact: unknown[]) => void;

/** Differ with every connection. */
const OF_ONE_CONNECTION = new Set(['sec-websocket-key', 'host']);

/** An app whose gateway does what it is told, and notes all that it sees of its clients. */
export function everyEventApp(options: WebsocketOptions, note: Note): { module: Type; io(): Server } {
  let io: Server;
  const nameOf = ({ handshake }: Socket): string => String(handshake.query.name);

  abstract class EveryEvent implements OnGatewayConnection {
    handleConnection(client: Socket): void {
      const name = nameOf(client);
      const { auth, query, headers } = client.handshake;
      const { pid, offset, ...given } = auth as Record<string, unknown>;
      // A client that upgrades may be through with it by then, or not.
      note(name, 'connects to', client.nsp.name, query.transport, {
        given,
        knows: [pid !== undefined, offset !== undefined],
        query: Object.keys(query).filter((key) => key !== 't'),
        headers: Object.entries(headers).filter(([header]) => !OF_ONE_CONNECTION.has(header)),
        recovered: client.recovered,
        rooms: client.rooms.size - 1,
      });
      client.onAny((event: string, ...args: unknown[]) => note(name, 'is heard', event, ...args));
      client.on('disconnect', (reason) => note(name, 'leaves', reason));
      client.emit('welcome', name);
      if (given['kicked']) client.disconnect();
    }

    @SubscribeMessage('echo')
    echo(@MessageBody() body: unknown): unknown {
      return body;
    }

    @SubscribeMessage('tell nothing')
    nothing(): void {}

    @SubscribeMessage('fail')
    fail(): never {
      throw new WsException('no');
    }

    @SubscribeMessage('answer much')
    answerMuch(@Ack() ack: (...answer: unknown[]) => void): void {
      ack('a', { b: [2] }, Buffer.from([3]));
    }

    /** Answers from the second time on. */
    @SubscribeMessage('hesitate')
    hesitate(@ConnectedSocket() client: Socket, @Ack() ack: (answer: string) => void): void {
      client.data.asked = Number(client.data.asked ?? 0) + 1;
      if (client.data.asked > 1) ack('at last');
    }

    @SubscribeMessage('stream')
    stream(): Observable<unknown> {
      return from([1, 2, 3]).pipe(map((data) => ({ event: 'number', data })));
    }

    /** Emits these events to the client. */
    @SubscribeMessage('push')
    push(@ConnectedSocket() client: Socket, @MessageBody() events: [string, ...unknown[]][]): string {
      for (const [event, ...args] of events) client.emit(event, ...args);
      return 'pushed';
    }

    @SubscribeMessage('tick')
    tick(@ConnectedSocket() client: Socket): string {
      client.volatile.emit('ticked', 'in time');
      return 'ticked';
    }

    @SubscribeMessage('press')
    press(@ConnectedSocket() client: Socket): string {
      client.compress(false).emit('said', 'as it is');
      return 'pressed';
    }

    /** Asks the client, waits for so long, and notes what it answers. */
    @SubscribeMessage('ask')
    async ask(
      @ConnectedSocket() client: Socket,
      @MessageBody() [timeout, ...args]: [number, ...unknown[]],
    ): Promise<string> {
      const answered = client.timeout(timeout).emitWithAck('question', ...args) as Promise<unknown>;
      const fact = await answered.then(
        (answer) => ['answers', answer],
        (error: Error) => ['does not answer', error.message],
      );
      note(nameOf(client), ...fact);
      return 'asked';
    }

    @SubscribeMessage('join')
    async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
      await client.join(room);
      return room;
    }

    @SubscribeMessage('say')
    say(@ConnectedSocket() client: Socket, @MessageBody() [room, ...said]: [string, ...unknown[]]): string {
      client.to(room).emit('said', ...said);
      return 'said';
    }

    /** Asks whoever is in the room. */
    @SubscribeMessage('ask all')
    async askAll(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<unknown> {
      return client.to(room).timeout(1_000).emitWithAck('question', 'of all');
    }

    @SubscribeMessage('kick')
    kick(@ConnectedSocket() client: Socket, @MessageBody() close: boolean): void {
      client.emit('said', 'farewell');
      client.disconnect(close);
    }

    @SubscribeMessage('cut')
    cut(@ConnectedSocket() client: Socket): void {
      client.conn.close();
    }
  }

  @WebSocketGateway()
  class MainGateway extends EveryEvent implements OnGatewayInit {
    afterInit(server: Server): void {
      io = server;
      server.use(({ handshake }, next) => {
        const { refused } = handshake.auth as { refused?: unknown };
        next(refused ? Object.assign(new Error('no entry'), { data: refused }) : undefined);
      });
    }
  }

  @WebSocketGateway({ namespace: '/news' })
  class NewsGateway extends EveryEvent {}

  @Module({ imports: [WebsocketModule.forRoot(options)], providers: [MainGateway, NewsGateway] })
  class EveryEventModule {}

  return { module: EveryEventModule, io: () => io };
}
