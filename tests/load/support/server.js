// Plain JavaScript on the built package: an app at the module's defaults, in a process of its own. Its parent asks by IPC
// for the heap after a collection, and has it broadcast.
import 'reflect-metadata';
import { ConsoleLogger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebsocketModule } from '../../../dist/websocket/index.js';

class LoadGateway {
  echo(_client, payload) {
    return payload;
  }
}
WebSocketGateway()(LoadGateway);
WebSocketServer()(LoadGateway.prototype, 'server');
SubscribeMessage('echo')(LoadGateway.prototype, 'echo', {
  value: LoadGateway.prototype.echo,
});

const quiet = process.env.LOG === 'quiet';

class AppModule {}
Module({ imports: [WebsocketModule], providers: [LoadGateway] })(AppModule);

const app = await NestFactory.create(AppModule, {
  logger: quiet ? ['warn', 'error'] : new ConsoleLogger({ json: true }),
});
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
await app.listen(0, '127.0.0.1');

const { server } = app.get(LoadGateway);

const commands = {
  heap() {
    globalThis.gc();
    globalThis.gc();
    return process.memoryUsage().heapUsed;
  },
  connected: () => server.engine.clientsCount,
  rss: () => process.memoryUsage().rss,
  /** Megabytes of broadcasts, 64 KB a millisecond: who reads keeps up, also when it has to wait for the CPU. */
  async broadcastMegabytes(count) {
    const text = 'x'.repeat(64 * 1024);
    for (let sent = 0; sent < count * 16; sent += 1) {
      server.emit('bulk', text);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  },
  broadcast: (count) => {
    for (let sent = 0; sent < count; sent += 1) server.emit('news', sent);
  },
};

process.on('message', ({ id, command, argument }) => {
  void Promise.resolve(commands[command](argument)).then((result) => process.send({ id, result }));
});
process.send({ id: 0, result: app.getHttpServer().address().port });
