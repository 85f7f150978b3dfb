// Plain JavaScript on the built package: boots an app, connects over each transport, closes it. Then nothing
// is left to keep the process alive, and it ends by itself.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { WebsocketModule } from '../../../dist/websocket/index.js';
import { startTestApp } from '../../../dist/testing/index.js';

class AppModule {}
Module({ imports: [WebsocketModule] })(AppModule);

const app = await startTestApp(AppModule);
await app.connect();
await app.connect({ transports: ['polling'] });
await app.connect({ transports: ['polling', 'websocket'] });
await app.settle();
await app.close();
console.log('closed');
