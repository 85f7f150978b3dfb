// Plain JavaScript on the built package: a server that is told to end. It closes its app, and then ends by itself if
// nothing is left that keeps it alive: with BY_FORCE alone does somebody call process.exit().
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { endByForce } from '../../../../dist/end-by-force.js';
import { UncaughtFailures, WebsocketModule } from '../../../../dist/websocket/index.js';

const shutdown = JSON.parse(process.env.SHUTDOWN_OPTIONS ?? '{}');
const left = [];

function decorate(type, method, decorator) {
  decorator(type.prototype, method, Object.getOwnPropertyDescriptor(type.prototype, method));
}

class WorkGateway {
  async handleDisconnect(client) {
    await delay(20);
    left.push(client.id);
  }

  async work(_client, ms) {
    console.log('working');
    await delay(ms);
    return 'done';
  }

  hang() {
    console.log('working');
    return new Promise(() => {});
  }

  fail(_client, how) {
    if (how === 'timer') setTimeout(() => broken(), 1);
    if (how === 'promise') void delay(1).then(broken);
    if (how === 'again and again') setInterval(broken, 20);
    return delay(100, 'told');
  }
}
for (const event of ['work', 'hang', 'fail']) decorate(WorkGateway, event, SubscribeMessage(event));
WebSocketGateway()(WorkGateway);

function broken() {
  throw new Error('broken outside any handler');
}

class Store {
  async onModuleDestroy() {
    console.log(`destroyed after ${left.length} have left`);
    if (process.env.HOOK_HANGS) await new Promise(() => {});
  }
}

class AppModule {}
Module({
  imports: [WebsocketModule.forRoot({ shutdown })],
  providers: [WorkGateway, Store],
})(AppModule);

async function start() {
  const app = await NestFactory.create(AppModule);
  app.use('/stream', (_request, response) => response.write('begun'));
  if (process.env.CLOSE_APP) app.get(UncaughtFailures).endBy(() => app.close());
  await app.listen(Number(process.env.PORT), process.env.HOST);
  return app;
}

async function close() {
  const began = performance.now();
  await app.close();
  console.log(`closed after ${Math.round(performance.now() - began)} ms`);
}

const app = await start();
if (process.env.SECOND_APP) console.log(`Beside it ${await (await start()).getUrl()}`);
if (process.env.SOMEBODY_LISTENS) {
  process.on('uncaughtException', ({ message }) => console.log(`heard: ${message}`));
}
if (process.env.BY_FORCE) {
  app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
  endByForce(['SIGTERM'], shutdown.timeout);
} else {
  process.once('SIGTERM', () => void close());
}
console.log(`Listening on ${await app.getUrl()}`);
