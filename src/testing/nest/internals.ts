import { Logger, type INestMicroservice, type LoggerService } from '@nestjs/common';
import { requireMembers } from '../../websocket/errors/private-members.js';

/** The logger in force: Nest has no getter for it. */
export function currentLogger(): LoggerService | undefined {
  return Logger['staticInstanceRef'];
}

/** The transport of a microservice: Nest hands out what is under it only. */
export function transportOf(microservice: INestMicroservice): unknown {
  requireMembers({ '@nestjs/microservices': [[microservice.constructor, 'serverInstance']] });
  return (microservice as object as { serverInstance?: unknown }).serverInstance;
}
