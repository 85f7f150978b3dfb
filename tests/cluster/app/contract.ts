import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebSocketGateway } from '@nestjs/websockets';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { WebsocketModule, type Namespace, type Server } from 'nest-realtime-kit';
import { AdapterContractModule } from 'nest-realtime-kit/testing';
import { createClient } from 'redis';

/** The app of the adapter contract, joined by the adapter that the environment names, as a team would set it. */
const { REDIS_URL: url, REDIS_KEY_PREFIX: prefix = '', ADAPTER = 'redis' } = process.env;

const publisher = createClient({ url });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const creators: Record<string, (namespace: Namespace) => object> = {
  redis: createAdapter(publisher, subscriber, { key: prefix }),
  'redis-sharded': createShardedAdapter(publisher, subscriber, { channelPrefix: prefix }),
  'redis-streams': createStreamsAdapter(publisher, {
    streamName: prefix,
    channelPrefix: prefix,
    heartbeatInterval: 200,
    heartbeatTimeout: 1_000,
    blockTimeInMs: 100,
  }),
};

@WebSocketGateway()
class JoiningGateway {
  afterInit(server: Server): void {
    // Socket.IO calls an adapter with `new`.
    server.adapter(function create(namespace: Namespace) {
      return creators[ADAPTER]!(namespace);
    } as never);
  }
}

@Module({ imports: [WebsocketModule, AdapterContractModule], providers: [JoiningGateway] })
class ContractApp {}

const app = await NestFactory.create(ContractApp);
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
await app.listen(0);
