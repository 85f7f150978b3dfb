// Plain JavaScript on the built package: an app that does not start, and whose main only says so.
import 'reflect-metadata';
import { connect } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule } from '../../../dist/websocket/index.js';

const port = Number(process.env.GATEWAY_PORT);

class OwnPortGateway {}
WebSocketGateway(port)(OwnPortGateway);

class FailingGateway {
  async [process.env.FAILING_HOOK]() {
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw new Error('no database');
  }
}
WebSocketGateway()(FailingGateway);

class AppModule {}
Module({ imports: [WebsocketModule], providers: [OwnPortGateway, FailingGateway] })(AppModule);

async function start() {
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
}

start().catch(({ message }) => {
  console.log(`not started: ${message}`);
  const client = connect(port, '127.0.0.1');
  client.on('connect', () => {
    console.log('a client is let in');
    client.destroy();
  });
  client.on('error', ({ code }) => console.log(`a client is told ${code}`));
});
