import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startCommanded, type CommandedProcess } from '../support/commanded-process.js';

const MB = 1024 * 1024;

/** Waits until a server has noticed that all have left. */
async function untilEmpty(server: CommandedProcess): Promise<void> {
  while ((await server.ask<number>('connected')) > 0) await delay(50);
}

/** What a server keeps more than before, in bytes, once that is less than so much: what is gone it forgets within a second. */
async function leftOver(server: CommandedProcess, before: number, most: number): Promise<number> {
  let kept = Infinity;
  const look = async (): Promise<number> => (kept = (await server.ask<number>('heap')) - before);
  await expect.poll(look, { timeout: 10_000, interval: 500 }).toBeLessThan(most);
  return kept;
}

test('a server holds 10,000 idle clients, broadcasts to every one, and frees their memory', async () => {
  await using server = await startCommanded(new URL('support/server.js', import.meta.url), [], { LOG: 'quiet' });
  await using clients = await startCommanded(new URL('support/clients.js', import.meta.url), [String(server.greeting)]);
  await clients.ask('connect', 500);
  await clients.ask('leave');
  await untilEmpty(server);
  const before = await server.ask<number>('heap');

  expect(await clients.ask('connect', 10_000)).toEqual({ connected: 10_000, refused: 0 });
  const held = await server.ask<number>('heap');
  await server.ask('broadcast', 5);
  const deadline = Date.now() + 30_000;
  while ((await clients.ask<number>('received')) < 50_000 && Date.now() < deadline) await delay(50);
  expect(await clients.ask('received')).toBe(50_000);

  await clients.ask('leave');
  await untilEmpty(server);
  const kept = await leftOver(server, before, 0.05 * (held - before));
  console.log(
    `10,000 clients: ${((held - before) / 10_000 / 1024).toFixed(1)} KiB of heap each; ` +
      `${(kept / MB).toFixed(2)} MB more than before when they have left`,
  );
}, 120_000);

test('20,000 connects and disconnects leave no memory behind, and one log line each without secrets', async () => {
  await using server = await startCommanded(new URL('support/server.js', import.meta.url));
  await using clients = await startCommanded(new URL('support/clients.js', import.meta.url), [String(server.greeting)]);
  await clients.ask('comeAndGo', 2_000);
  await untilEmpty(server);
  const before = await server.ask<number>('heap');

  expect(await clients.ask('comeAndGo', 20_000)).toEqual({ refused: 0 });
  await untilEmpty(server);
  const kept = await leftOver(server, before, MB);
  console.log(`20,000 connects: ${(kept / MB).toFixed(2)} MB more than before`);

  const entries = server.lines.map((line) => JSON.parse(line) as { message: string });
  for (const text of ['Client connected: ', 'Client disconnected: ']) {
    const ids = entries
      .filter(({ message }) => message.startsWith(text))
      .map(({ message }) => message.slice(text.length));
    expect(ids).toHaveLength(22_000);
    expect(new Set(ids).size).toBe(22_000);
  }
  expect(server.lines.filter((line) => line.includes('secret'))).toEqual([]);
}, 120_000);
