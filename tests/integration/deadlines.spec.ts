import { startTestApp, type TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { afterEach, describe, test, vi } from 'vitest';
import { ChatModule } from './support/chat.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('REALTIME_TIMEOUT_FACTOR', () => {
  test('multiplies every deadline, and failures name the multiplied deadline', async () => {
    vi.stubEnv('REALTIME_TIMEOUT_FACTOR', '2.5');
    await using app = await startTestApp(ChatModule, { timeout: 20 });
    expect(app.timeout).toBe(50);
    const bob = await app.connect({ name: 'bob', timeout: 2_000 });
    expect(bob.timeout).toBe(5_000);
    await expect(bob.next('said', { timeout: 20 })).rejects.toThrow('within 50 ms.');
    bob.emit('say-late', 'hi');
    await expect(app.settle({ timeout: 20 })).rejects.toThrow('within 50 ms.');
    await app.settle({ timeout: 1_000 });
  });

  test.each(['0', '-1', 'twice', 'Infinity'])('rejects %s, since it is not a number above 0', async (factor) => {
    vi.stubEnv('REALTIME_TIMEOUT_FACTOR', factor);
    await expect(startTestApp(ChatModule)).rejects.toThrow(
      `REALTIME_TIMEOUT_FACTOR is "${factor}". Expected a number above 0, by which every deadline is multiplied.`,
    );
  });
});

describe('an AbortSignal ends', () => {
  const reason = new Error('enough');

  async function aborted(
    signalled: 'app' | 'client',
    wait: (app: TestApp, signal: AbortSignal) => Promise<() => Promise<unknown>>,
  ): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    await using app = await startTestApp(ChatModule, signalled === 'app' ? { signal } : {});
    const start = await wait(app, signal);
    const waiting = start();
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  }

  test('connect()', () =>
    aborted('client', async (app, signal) => {
      app.io.use(() => {});
      return () => app.connect({ signal });
    }));

  test('next()', () =>
    aborted('client', async (app, signal) => {
      const bob = await app.connect();
      return () => bob.next('said', { signal });
    }));

  test('settle()', () =>
    aborted('client', async (app, signal) => {
      const bob = await app.connect();
      bob.emit('say-late', 'hi');
      return () => app.settle({ signal });
    }));

  test('emitWithAck() of a client with that signal', () =>
    aborted('client', async (app, signal) => {
      const bob = await app.connect({ signal });
      return () => bob.emitWithAck('say', 'hi');
    }));

  test('an assertion about a client of an app with that signal', () =>
    aborted('app', async (app) => {
      const bob = await app.connect();
      return async () => expect(bob).toReceive('said');
    }));

  test('an assertion about the log of an app with that signal', () =>
    aborted('app', async (app) => async () => expect(app).toHaveLogged('never')));

  test('next() that is called after the abort', async () => {
    await using app = await startTestApp(ChatModule);
    const bob = await app.connect();
    await expect(bob.next('said', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
