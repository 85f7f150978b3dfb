import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { gatewayOf } from './gateway.js';

/**
 * A Nest app with the gateway. It logs nothing, since bare Socket.IO logs nothing.
 *
 * @param imports what the app has beside its gateway: nothing, when it is plain Nest
 */
export async function bootNest(handlers: number, imports: ModuleMetadata['imports'] = []): Promise<number> {
  @Module({ imports, providers: [gatewayOf(handlers)] })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as Server;
  return (server.address() as AddressInfo).port;
}
