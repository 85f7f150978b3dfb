// Plain JavaScript on the built package: a process in which nothing but a timer that does nothing ever happens.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { startTestApp } from '../../../dist/testing/index.js';

class SilentGateway {
  handleConnection() {
    setTimeout(() => {}, 50);
  }
}
WebSocketGateway()(SilentGateway);

class AppModule {}
Module({ providers: [SilentGateway] })(AppModule);

const app = await startTestApp(AppModule, { awaitTimers: true });
await app.connect();
await app.settle();
await app.close();
console.log('settled');
