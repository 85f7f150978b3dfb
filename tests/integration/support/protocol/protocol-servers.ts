import type { WebsocketOptions } from 'nest-realtime-kit';
import { startTestApp, type AppModule, type TestApp } from 'nest-realtime-kit/testing';
import { afterAll, beforeAll } from 'vitest';
import { Endpoint } from './endpoint.js';

/**
 * Of the brisk server, in milliseconds: short, so that a suite need not wait for long, and with time enough to answer
 * on a machine that is busy.
 */
export const HEARTBEAT = { pingInterval: 300, pingTimeout: 1_000 };

/** Of both servers, in bytes. */
export const MAX_PAYLOAD = 1_000_000;

/** The servers that the cases of a file share. */
export interface ProtocolServers {
  /** For what does not depend on time: none of its heartbeats comes in between, however slow the machine. */
  readonly calm: Endpoint;
  /** For heartbeats. */
  readonly brisk: Endpoint;
}

/** Starts the servers before the tests of a file, and closes them after. */
export function protocolServers(moduleWith: (options: WebsocketOptions) => AppModule): ProtocolServers {
  const apps: TestApp[] = [];
  const servers = {} as { calm: Endpoint; brisk: Endpoint };

  async function start(options: WebsocketOptions): Promise<Endpoint> {
    const app = await startTestApp(moduleWith({ ...options, maxHttpBufferSize: MAX_PAYLOAD }));
    apps.push(app);
    return new Endpoint(app);
  }

  beforeAll(async () => {
    servers.calm = await start({});
    servers.brisk = await start(HEARTBEAT);
  });

  afterAll(async () => {
    for (const app of apps) await app.close();
  });

  return servers;
}
