import { Logger, type INestMicroservice, type LoggerService } from '@nestjs/common';
import { requireMembers } from '../../websocket/errors/unknown-internals.js';

/** Nest's current logger, for which Nest has no getter. */
export function currentLogger(): LoggerService | undefined {
  return Logger['staticInstanceRef'];
}

/** The transport of a microservice. Nest exposes only what is below it. */
export function transportOf(microservice: INestMicroservice): unknown {
  requireMembers({ '@nestjs/microservices': [[microservice.constructor, 'serverInstance']] });
  return (microservice as object as { serverInstance?: unknown }).serverInstance;
}
