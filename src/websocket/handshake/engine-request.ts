import type { IncomingMessage } from 'node:http';

/** A request to Engine.IO, which has parsed its query. */
export type EngineRequest = IncomingMessage & { _query: { sid?: string } };

/** Whether it is to open a connection: it names none, or one without a name, which Engine.IO takes for none. */
export function isHandshake({ _query }: EngineRequest): boolean {
  return !_query.sid;
}
