// Plain JavaScript on the built package: a chat, on plain Nest and with the module.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebsocketModule } from '../../../../dist/websocket/index.js';
import { obey } from '../../../support/obey.js';

class ChatGateway {
  handleConnection(client) {
    client.on('typing', (ack) => ack('seen'));
  }

  say(_client, text) {
    return `said ${text}`;
  }

  async whisper(_client, text) {
    await Promise.resolve();
    return { event: 'whispered', data: text };
  }

  announce(_client, text) {
    this.server.emit('announced', text);
  }
}
WebSocketGateway()(ChatGateway);
WebSocketServer()(ChatGateway.prototype, 'server');
for (const event of ['say', 'whisper', 'announce']) {
  SubscribeMessage(event)(ChatGateway.prototype, event, { value: ChatGateway.prototype[event] });
}

class HealthController {
  health() {
    return 'healthy';
  }
}
Controller()(HealthController);
Get('health')(HealthController.prototype, 'health', { value: HealthController.prototype.health });

const servings = { 'plain Nest': [], WebsocketModule: [WebsocketModule] };

/**
 * Starts the chat once for each way to serve it, and tells the parent of the process where.
 *
 * @param modulesOf gives the instrumentation's own modules
 * @param options for `NestFactory.create`
 * @param commands what the parent may tell this process
 */
export async function serveChats(modulesOf = () => [], options = {}, commands = {}) {
  const urls = {};
  for (const [servedBy, imports] of Object.entries(servings)) {
    class ChatModule {}
    const parts = { controllers: [HealthController], providers: [ChatGateway] };
    Module({ imports: [...imports, ...modulesOf(servedBy)], ...parts })(ChatModule);
    const app = await NestFactory.create(ChatModule, { ...options, logger: false });
    await app.listen(0, '127.0.0.1');
    urls[servedBy] = await app.getUrl();
  }
  obey(commands, urls);
}
