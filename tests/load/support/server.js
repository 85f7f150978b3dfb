// Plain JavaScript on the built package: an app at the module's defaults, or with OPTIONS, in a process of its own. Its
// parent asks by IPC for the heap after a collection, and has it send.
import 'reflect-metadata';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { ConsoleLogger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { concatMap, range } from 'rxjs';
import { FlowMetrics, WebsocketModule } from '../../../dist/websocket/index.js';
import { obey } from '../../support/obey.js';

const tally = { handled: 0, inOrder: true };

class LoadGateway {
  echo(_client, payload) {
    return payload;
  }

  tally(_client, number) {
    tally.inOrder &&= number === tally.handled;
    tally.handled += 1;
  }

  /** Sends so many pieces of so many bytes in one loop, and answers behind them. */
  catchUp(client, { count, bytes, binary }) {
    const piece = binary ? Buffer.alloc(bytes) : 'x'.repeat(bytes);
    for (let sent = 0; sent < count; sent += 1) client.emit('piece', sent, piece);
    return 'sent';
  }

  /** The same to everybody. */
  tellAll(_client, { count, bytes }) {
    for (let sent = 0; sent < count; sent += 1) this.server.emit('piece', sent, 'x'.repeat(bytes));
    return 'sent';
  }

  stream(_client, { count, bytes }) {
    return range(0, count).pipe(concatMap(async (sent) => ({ event: 'piece', data: [sent, 'x'.repeat(bytes)] })));
  }
}
WebSocketGateway()(LoadGateway);
WebSocketServer()(LoadGateway.prototype, 'server');
for (const event of ['echo', 'tally', 'catchUp', 'tellAll', 'stream']) {
  SubscribeMessage(event)(LoadGateway.prototype, event, { value: LoadGateway.prototype[event] });
}

const quiet = process.env.LOG === 'quiet';
const { authenticationTakes, ...options } = JSON.parse(process.env.OPTIONS ?? '{}');
if (authenticationTakes !== undefined) {
  options.authentication = async () => {
    if (authenticationTakes > 0) await delay(authenticationTakes);
    return {};
  };
}

class AppModule {}
Module({ imports: [WebsocketModule.forRoot({ ...options, isGlobal: true })], providers: [LoadGateway] })(AppModule);

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
  /** What is left after a collection, outside of the heap too. */
  async memory() {
    globalThis.gc();
    // What a socket that is destroyed had to write is let go a turn later.
    await nextTurn();
    globalThis.gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  },
  buffered: () => app.get(FlowMetrics).bufferedBytes(),
  tally: () => tally,
  /** Megabytes of broadcasts, 64 KB at a time, as fast as the event loop turns. */
  async broadcastMegabytes(count) {
    const text = 'x'.repeat(64 * 1024);
    for (let sent = 0; sent < count * 16; sent += 1) {
      server.emit('bulk', text);
      await nextTurn();
    }
  },
  broadcast: (count) => {
    for (let sent = 0; sent < count; sent += 1) server.emit('news', sent);
  },
  /** Sends so many megabytes of its own to each client, one client in a turn. */
  async sendMegabytesToEach(count) {
    for (const socket of server.sockets.sockets.values()) {
      socket.emit('bulk', socket.id + 'x'.repeat(count * 1024 * 1024));
      await nextTurn();
    }
  },
  /** Publishes a number to all, every so many milliseconds, until it is asked to stop. */
  publish(interval) {
    let number = 0;
    const timer = setInterval(() => server.emit('number', (number += 1)), interval);
    commands.stopPublishing = () => {
      clearInterval(timer);
      return number;
    };
  },
};

obey(commands, app.getHttpServer().address().port);
