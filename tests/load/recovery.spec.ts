import { setTimeout as delay } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { test } from 'vitest';
import { startCommanded } from '../support/commanded-process.js';
import { isWhole } from './support/whole.js';

const RECONNECTS = 300;

test.concurrent.for(isWhole ? [0, 50] : [0])(
  'a client that reconnects 300 times misses no event and gets none twice (authentication: %i ms)',
  { timeout: 180_000 },
  async (authenticationTakes, { expect }) => {
    const OPTIONS = JSON.stringify({
      authenticationTakes,
      connectionStateRecovery: {},
      limits: { connectRate: false },
    });
    await using server = await startCommanded(new URL('support/server.js', import.meta.url), [], {
      LOG: 'quiet',
      OPTIONS,
    });
    const client = io(`http://127.0.0.1:${String(server.greeting)}`, {
      transports: ['websocket'],
      reconnectionDelay: 5,
      reconnectionDelayMax: 5,
    });
    let [expected, missing, doubled, recovered] = [0, 0, 0, 0];
    client.on('connect', () => {
      if (client.recovered) recovered += 1;
      else expected = 0;
    });
    client.on('number', (number: number) => {
      // What is sent while a client is away that has not recovered is not owed to it.
      if (expected === 0) expected = number;
      if (number > expected) missing += number - expected;
      if (number < expected) doubled += 1;
      expected = Math.max(expected, number + 1);
    });
    try {
      while (!client.connected) await delay(5);
      await server.ask('publish', 5);
      await expect.poll(() => expected).toBeGreaterThan(0);
      for (let away = 0; away < RECONNECTS; away += 1) {
        const back = new Promise((resolve) => client.once('connect', () => resolve(undefined)));
        client.io.engine.close();
        await back;
        await delay(10);
      }
      const published = await server.ask<number>('stopPublishing');
      await expect.poll(() => expected - 1, { timeout: 5_000 }).toBe(published);
      console.log(
        `${RECONNECTS} reconnects, authentication of ${authenticationTakes} ms: ${recovered} recovered, ` +
          `${missing} of ${published} missing, ${doubled} doubled`,
      );
      expect({ missing, doubled }).toEqual({ missing: 0, doubled: 0 });
      expect(recovered).toBeGreaterThanOrEqual(RECONNECTS * 0.95);
    } finally {
      client.disconnect();
    }
  },
);
