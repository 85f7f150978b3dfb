// Plain JavaScript on the built package: boots an app, has clients come, closes it with all of them there. Then nothing
// is left that was not there before.
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { io } from 'socket.io-client';
import { WebsocketModule } from '../../../../dist/websocket/index.js';

class AppModule {}
Module({ imports: [WebsocketModule] })(AppModule);

/** What keeps the process alive, or would be called by it. */
function inventory() {
  const listeners = process.eventNames().flatMap((name) => process.listeners(name).map(() => String(name)));
  return JSON.stringify([...process.getActiveResourcesInfo(), ...listeners].toSorted());
}

for (const [name, Adapter] of Object.entries({ express: ExpressAdapter, fastify: FastifyAdapter })) {
  // What Nest and the platform leave the first time is not of the module's.
  const bare = await NestFactory.create(class Empty {}, new Adapter(), { logger: false });
  await bare.listen(0, '127.0.0.1');
  await bare.close();
  await delay(50);
  const before = inventory();

  const app = await NestFactory.create(AppModule, new Adapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const clients = [['websocket'], ['polling'], ['polling', 'websocket']].map((transports) =>
    io(url, { transports, forceNew: true, reconnection: false }),
  );
  await Promise.all(clients.map((client) => new Promise((resolve) => client.once('connect', resolve))));
  const idle = connect(Number(new URL(url).port), '127.0.0.1');
  await new Promise((resolve) => idle.once('connect', resolve));
  await app.close();
  for (const client of clients) client.disconnect();
  idle.destroy();
  await delay(50);
  const after = inventory();
  console.log(`${name}: ${after === before ? 'nothing left' : `${before} became ${after}`}`);
}
