import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import type { WebsocketOptions } from 'nest-realtime-kit';
import type { Server, ServerOptions } from 'socket.io';
import type { differences } from '../differences.js';
import type { Client, ConnectOptions } from './client.js';
import type { Fact, Observation } from './observation.js';

export const TRANSPORTS = ['websocket', 'polling'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Notes what a handler, or anything else in the app, has seen. */
export type Note = (...fact: unknown[]) => void;

/** An app, but for `WebsocketModule`. */
export interface App extends Pick<ModuleMetadata, 'imports' | 'providers' | 'controllers'> {
  /** Options of Socket.IO: plain Nest has them by an adapter, the kit by `forRoot`. */
  options?: Partial<ServerOptions>;
  /** Options of the kit alone. */
  kit?: WebsocketOptions;
  /** What `main.ts` does between `create` and `listen`. */
  configure?(app: INestApplication): void;
}

/** What a scenario acts on. */
export interface Stage {
  readonly app: INestApplication;
  readonly io: Server;
  readonly url: string;
  readonly transport: Transport;
  readonly note: Note;
  /** Resolves when something that nobody caught would have ended the process. */
  readonly uncaught: Promise<void>;
  /** Resolves when the client is connected, or refused. */
  connect(name: string, options?: ConnectOptions): Promise<Client>;
  /** Records what a client has seen that is no event, such as an answer over HTTP. */
  see(name: string, ...fact: unknown[]): void;
  /** Resolves when the server has handled all that was sent, and its clients have all that it sent. */
  rest(): Promise<void>;
}

export type DifferenceId = keyof typeof differences;

/** How the kit differs in a scenario. A part that is not named is the same. */
export interface Differs extends Partial<Observation> {
  /** The rows of the table that say so. */
  rows: readonly DifferenceId[];
}

export interface Scenario {
  /** A whole statement of what is tried. */
  name: string;
  app?(note: Note): App | Promise<App>;
  run(stage: Stage): Promise<void> | void;
  /** What differs, for every major version of Nest or for each. */
  differs?: Differs | { readonly [major in 11 | 12]?: Differs };
  /** Whether the log has Nest's own entries of the boot, and those of `EventsGateway`. */
  wholeLog?: boolean;
}

export function differsOn(nest: 11 | 12, { differs }: Scenario): Differs | undefined {
  if (!differs || 'rows' in differs) return differs;
  return differs[nest];
}

export type { Fact, Observation };
