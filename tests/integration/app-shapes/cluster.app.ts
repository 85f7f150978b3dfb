import { Inject, Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { AppModule } from 'nest-realtime-kit/testing';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import type { Namespace, Server, ServerOptions, Socket } from 'socket.io';
import type { Imports } from './servings.js';

/** What a node knows of itself and has heard from the other. */
@Injectable()
export class Node {
  readonly flushed: string[] = [];
}

@WebSocketGateway()
class RoomGateway {
  @WebSocketServer() private readonly server!: Server;

  constructor(private readonly node: Node) {}

  afterInit(server: Server): void {
    server.on('flush', (what: string, from: string) => {
      this.node.flushed.push(`${what} of ${from}`);
      server.local.emit('flushed', what);
    });
    server.on('count', (count: (own: number) => void) => {
      count(server.sockets.sockets.size);
    });
  }

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    await client.join(room);
    return room;
  }

  @SubscribeMessage('say')
  say(@ConnectedSocket() client: Socket, @MessageBody() [room, text]: [string, string]): void {
    client.to(room).emit('said', text);
  }

  @SubscribeMessage('announce')
  announce(@MessageBody() text: string): void {
    this.server.emit('announced', text);
  }

  @SubscribeMessage('whisper')
  whisper(@MessageBody() [id, text]: [string, Buffer]): void {
    this.server.to(id).emit('whispered', text);
  }

  @SubscribeMessage('ask all')
  askAll(@MessageBody() question: string): Promise<unknown[]> {
    return this.server.timeout(2_000).emitWithAck('asked', question);
  }

  @SubscribeMessage('flush')
  flush(@ConnectedSocket() client: Socket, @MessageBody() what: string): void {
    this.server.serverSideEmit('flush', what, client.id);
  }

  @SubscribeMessage('count')
  async count(): Promise<number[]> {
    const others = await this.server.serverSideEmitWithAck('count');
    return [this.server.sockets.sockets.size, ...(others as number[])];
  }

  @SubscribeMessage('who is in')
  async whoIsIn(@MessageBody() room: string): Promise<string[]> {
    const sockets = await this.server.in(room).fetchSockets();
    return sockets.map(({ id }) => id).toSorted();
  }

  @SubscribeMessage('gather')
  gather(@MessageBody() room: string): void {
    this.server.socketsJoin(room);
  }

  @SubscribeMessage('close')
  close(@MessageBody() room: string): void {
    this.server.in(room).disconnectSockets();
  }
}

@WebSocketGateway({ namespace: 'alarms' })
class AlarmGateway {
  @WebSocketServer() private readonly namespace!: Namespace;

  @SubscribeMessage('raise')
  raise(@MessageBody() alarm: string): void {
    this.namespace.emit('raised', alarm);
  }
}

/** As Nest documents it. */
export class RedisIoAdapter extends IoAdapter {
  private clients: { ping(): Promise<unknown>; close(): Promise<unknown> }[] = [];
  private adapterConstructor!: ReturnType<typeof createAdapter>;

  async connectToRedis(url: string, key: string): Promise<void> {
    const pubClient = createClient({ url });
    const subClient = pubClient.duplicate();
    this.clients = [pubClient, subClient];
    await Promise.all([pubClient.connect(), subClient.connect()]);
    this.adapterConstructor = createAdapter(pubClient, subClient, { key });
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const server = super.createIOServer(port, options);
    server.adapter(this.adapterConstructor);
    return server;
  }

  /** Resolves when Redis knows what this node has subscribed to. */
  async joined(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.ping()));
  }

  override async dispose(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
  }
}

/** A node listens when the other one can reach it. */
@Injectable()
class Readiness implements OnApplicationBootstrap {
  constructor(@Inject(ApplicationConfig) private readonly config: ApplicationConfig) {}

  async onApplicationBootstrap(): Promise<void> {
    const adapter: unknown = this.config.getIoAdapter();
    if (adapter instanceof RedisIoAdapter) await adapter.joined();
  }
}

export function clusterApp(imports: Imports): AppModule {
  @Module({ imports: [...imports], providers: [Node, Readiness, RoomGateway, AlarmGateway] })
  class ClusterApp {}
  return ClusterApp;
}
