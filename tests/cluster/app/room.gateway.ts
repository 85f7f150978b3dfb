import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server, Socket } from 'nest-realtime-kit';

interface Message {
  readonly room: string;
  readonly text: unknown;
  /** In milliseconds. */
  readonly after?: number;
}

/** Rooms that one joins, leaves and speaks in. */
@WebSocketGateway()
export class RoomGateway {
  @WebSocketServer() protected readonly server!: Server;
  private readonly logger = new Logger(RoomGateway.name);

  async handleConnection(client: Socket): Promise<void> {
    if (client.handshake.auth.banned) {
      client.disconnect(true);
      return;
    }
    await delay(5);
    client.emit('welcome', client.handshake.auth.name);
  }

  async handleDisconnect(client: Socket): Promise<void> {
    await delay(5);
    this.logger.log(`Left: ${client.id}`);
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
  say(@MessageBody() { room, text }: Message): boolean {
    this.server.to(room).emit('said', text);
    return true;
  }

  @SubscribeMessage('say-late')
  async sayLate(@MessageBody() { room, text, after }: Message): Promise<boolean> {
    await delay(after);
    this.server.to(room).emit('said', text);
    return true;
  }

  @SubscribeMessage('announce')
  announce(@ConnectedSocket() client: Socket, @MessageBody() text: unknown): void {
    this.server.emit('announced', text);
    client.emit('confirmed');
  }

  @SubscribeMessage('find')
  async find(): Promise<string[]> {
    return (await this.server.fetchSockets()).map(({ id }) => id);
  }

  @SubscribeMessage('count nodes')
  countNodes(): Promise<number> {
    return this.server.of('/').adapter.serverCount();
  }

  @SubscribeMessage('version')
  version(): string {
    return process.env.VERSION ?? '1';
  }

  @SubscribeMessage('fail')
  fail(): void {
    throw new Error('broken on purpose');
  }

  @SubscribeMessage('crash')
  crash(): void {
    process.kill(process.pid, 'SIGSEGV');
  }
}
