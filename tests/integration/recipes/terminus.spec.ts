import { Injectable, Module } from '@nestjs/common';
import type { BeforeDrain } from 'nest-realtime-kit';
import type { TestApp } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { afterEach, vi } from 'vitest';
import { GracePeriod } from './terminus.grace.js';
import { AppModule } from './terminus.js';

/** Keeps the app in its shutdown until a test has looked at it. */
@Injectable()
class Pause implements BeforeDrain {
  reached!: () => void;
  end!: () => void;
  readonly begun = new Promise<void>((resolve) => (this.reached = resolve));
  private readonly over = new Promise<void>((resolve) => (this.end = resolve));

  async beforeDrain(): Promise<void> {
    this.reached();
    await this.over;
  }
}

@Module({ imports: [AppModule], providers: [Pause] })
class PausedModule {}

const test = realtimeTest(PausedModule, { scope: 'test' });

async function health(app: TestApp): Promise<[status: number, body: unknown]> {
  const response = await fetch(`${app.url}/health/ready`);
  return [response.status, await response.json()];
}

test('the app is ready while it serves, and not ready once its shutdown begins', async ({ app, connect }) => {
  const alice = await connect();
  expect(await health(app)).toEqual([200, expect.objectContaining({ status: 'ok' })]);

  const closed = app.nest.close();
  await app.get(Pause).begun;
  expect(await health(app)).toEqual([
    503,
    expect.objectContaining({ error: { websocket: { status: 'down', message: 'shutting down' } } }),
  ]);
  expect(alice.socket.connected).toBe(true);
  await expect(app).toHaveLogged(/^Health Check has failed!/, { level: 'error' });

  app.get(Pause).end();
  await closed;
  await expect(alice).toBeDisconnected();
});

@Module({ imports: [AppModule], providers: [GracePeriod] })
class GracefulModule {}

const graceful = realtimeTest(GracefulModule, { scope: 'test' });

afterEach(() => {
  vi.unstubAllEnvs();
});

graceful('clients stay connected for the grace period', async ({ app, connect }) => {
  vi.stubEnv('GRACE_PERIOD_MS', '300');
  const alice = await connect();
  const began = performance.now();
  const left = new Promise<number>((resolve) => {
    alice.socket.once('disconnect', () => resolve(performance.now() - began));
  });
  await app.nest.close();
  expect(await left).toBeGreaterThan(290);
});
