// A small app on the package as it is published, in plain JavaScript: an echo, behind the HTTP platform and the Redis client
// that the environment names, with OPTIONS of the module.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';

class EchoGateway {
  echo(_client, data) {
    return data;
  }
}
WebSocketGateway()(EchoGateway);
SubscribeMessage('echo')(EchoGateway.prototype, 'echo', { value: EchoGateway.prototype.echo });

const { HTTP, REDIS, REDIS_URL, HOST, PORT, OPTIONS = '{}' } = process.env;
let close = () => {};

async function redisOptions() {
  if (REDIS === 'url') return { url: REDIS_URL };
  if (REDIS === 'redis') {
    const { createClient } = await import('redis');
    const client = await createClient({ url: REDIS_URL }).connect();
    close = () => client.destroy();
    return { client };
  }
  if (REDIS === 'ioredis') {
    const { Redis } = await import('ioredis');
    const client = new Redis(REDIS_URL);
    close = () => client.disconnect();
    return { client };
  }
  return undefined;
}

class Store {
  onApplicationShutdown() {
    close();
  }
}

class AppModule {}
Module({
  imports: [
    WebsocketModule.forRootAsync({ useFactory: async () => ({ ...JSON.parse(OPTIONS), redis: await redisOptions() }) }),
  ],
  providers: [EchoGateway, Store],
})(AppModule);

async function adapter() {
  if (HTTP !== 'fastify') return [];
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return [new FastifyAdapter()];
}

const app = await NestFactory.create(AppModule, ...(await adapter()), { logger: ['error', 'warn'] });
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
await app.listen(Number(PORT), HOST);
console.log(`Listening on ${await app.getUrl()}`);
