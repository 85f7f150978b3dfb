import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WebsocketModule } from '../../../../dist/websocket/index.js';

try {
  const app = await NestFactory.create(WebsocketModule, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  console.log('listens');
  await app.close();
} catch (error) {
  console.log(`${error.name}: ${error.message}`);
}
