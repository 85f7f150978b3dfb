import { Logger, type INestMicroservice, type LoggerService } from '@nestjs/common';
import { WsExceptionsHandler } from '@nestjs/websockets/exceptions/ws-exceptions-handler.js';
import { requireMembers, type PrivateMembers } from '../../websocket/errors/unknown-internals.js';

/** The private members of Nest that the harness uses. Nothing documented says when an exception filter gets an error. */
export const NEST_MEMBERS: PrivateMembers = {
  '@nestjs/common': [[Logger, 'staticInstanceRef']],
  '@nestjs/websockets': [[WsExceptionsHandler, 'handle']],
};

/** Nest's current logger, for which Nest has no getter. */
export function currentLogger(): LoggerService | undefined {
  return Logger['staticInstanceRef'];
}

/** The transport of a microservice. Nest exposes only what is below it. */
export function transportOf(microservice: INestMicroservice): unknown {
  requireMembers({ '@nestjs/microservices': [[microservice.constructor, 'serverInstance']] });
  return (microservice as object as { serverInstance?: unknown }).serverInstance;
}
