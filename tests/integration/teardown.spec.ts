import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Controller, Get, Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { TeardownError, startTestApp } from 'nest-realtime-kit/testing';
import type { Socket } from 'socket.io';
import { io } from 'socket.io-client';
import { describe, expect, test } from 'vitest';

const left: string[] = [];

@WebSocketGateway()
class GuestGateway {
  handleConnection(client: Socket): void {
    // Blocks the process, so that the client's deadline passes before it can hear that it was let in.
    const until = performance.now() + (client.handshake.auth.name === 'blocking' ? 100 : 0);
    while (performance.now() < until);
    if (client.handshake.auth.name === 'clumsy') throw new Error('tripped');
  }

  async handleDisconnect(client: Socket): Promise<void> {
    await Promise.resolve();
    left.push(client.id);
    if (client.handshake.auth.name === 'rude') throw new Error('no goodbye');
  }

  @SubscribeMessage('greet')
  greet(): string {
    return 'hello';
  }
}

@Controller()
class HangingController {
  @Get('hang')
  hang(): Promise<never> {
    return new Promise(() => {});
  }
}

@Module({ controllers: [HangingController], providers: [GuestGateway] })
class GuestModule {}

test('close() disconnects the clients, awaits their hooks and frees the port, even when it is called twice', async () => {
  const app = await startTestApp(GuestModule);
  const clients = [await app.connect(), await app.connect({ transports: ['polling'] })];
  const ids = clients.map(({ id }) => id);
  await Promise.all([app.close(), app.close()]);
  expect(left.splice(0).toSorted()).toEqual(ids.toSorted());
  expect(clients.map(({ connected }) => connected)).toEqual([false, false]);
  await expect(fetch(app.url)).rejects.toThrow('fetch failed');
  await expect(app.connect()).rejects.toThrow('connect() was called on an app that is closed.');
});

test('close() removes the patches of the harness from a gateway', async () => {
  const app = await startTestApp(GuestModule);
  const gateway = app.get(GuestGateway);
  expect(Object.hasOwn(gateway, 'handleConnection')).toBe(true);
  await app.close();
  expect(Object.getOwnPropertyNames(gateway)).toEqual([]);
});

test('close() leaves nothing that keeps the process alive', async () => {
  const script = fileURLToPath(new URL('support/boot-and-close.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 30_000 });
  expect(stdout).toBe('closed\n');
}, 15_000);

describe('close() fails but still closes the app', () => {
  test('for a client that other code opened', async () => {
    const app = await startTestApp(GuestModule);
    const stranger = io(app.url, { transports: ['websocket'], reconnection: false });
    await expect.poll(() => stranger.connected).toBe(true);
    const { id } = stranger;
    await expect(app.close()).rejects.toThrow(
      `The app at ${app.url} did not close cleanly.\n  problems:\n    Still connected at the end, and not opened by connect(): ${id} on namespace /. Whoever opens a client closes it.`,
    );
    await expect.poll(() => stranger.connected).toBe(false);
    left.length = 0;
  });

  test('for a failed hook that was not reported', async () => {
    const app = await startTestApp(GuestModule);
    const stranger = io(app.url, { transports: ['websocket'], reconnection: false, auth: { name: 'rude' } });
    await expect.poll(() => stranger.connected).toBe(true);
    stranger.disconnect();
    await expect.poll(() => left.splice(0)).toHaveLength(1);
    const error: unknown = await app.close().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TeardownError);
    expect((error as TeardownError).message).toContain('GuestGateway.handleDisconnect failed for');
    expect((error as TeardownError).errors).toHaveLength(1);
  });

  test('for an HTTP request that never ends', async () => {
    const app = await startTestApp(GuestModule, { timeout: 200 });
    const request = fetch(`${app.url}/hang`);
    await expect.poll(() => app.activity.work).toHaveLength(1);
    await expect(app.close()).rejects.toThrow(
      /problems:\n {4}app\.close\(\) was to end within 200 ms\.\n {6}still in flight:\n {8}GET \/hang, running for \d+ ms/,
    );
    await expect(request).rejects.toThrow('fetch failed');
  });
});

test.each(['websocket', 'polling'] as const)(
  'close() does not report a client whose connect() timed out (%s)',
  async (transport) => {
    const app = await startTestApp(GuestModule);
    const connecting = app.connect({ transports: [transport], auth: { name: 'blocking' }, timeout: 60 });
    await expect(connecting).rejects.toThrow('within 60 ms');
    await app.close();
    left.length = 0;
  },
);

test('close() does not report a failure that connect() has reported', async () => {
  const app = await startTestApp(GuestModule);
  await expect(app.connect({ auth: { name: 'clumsy' } })).rejects.toThrow('tripped');
  await app.close();
});
