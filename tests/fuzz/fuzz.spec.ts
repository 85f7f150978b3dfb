import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FuzzedServer } from './fuzzed-server.js';
import { crowds } from './inputs/visits.js';
import type { ServerFigures } from './processes/figures.js';

const CROWDS_PER_SEED = 80;

const seeds = process.env.FUZZ_SEED ? [Number(process.env.FUZZ_SEED)] : [1, 2, 3, randomInt(2 ** 31)];

let server: FuzzedServer;
let before: ServerFigures;

async function fuzz(seed: number, numRuns: number): Promise<void> {
  const outcome = await fc.check(
    fc.asyncProperty(crowds, async (crowd) => {
      await server.receive(crowd);
    }),
    { seed, numRuns, endOnFailure: !process.env.FUZZ_PATH, path: process.env.FUZZ_PATH },
  );
  if (!outcome.failed) return;
  throw new Error(
    `${String(outcome.errorInstance)}\nFUZZ_SEED=${seed} FUZZ_PATH=${outcome.counterexamplePath}`,
  );
}

beforeAll(async () => {
  server = await FuzzedServer.start();
  await fuzz(0, 10);
  await server.bystanderFigures();
  before = await server.figuresAtRest(40_000);
  console.log(before);
}, 100_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('fuzz', () => {
  test.for(seeds)('seed %d', { timeout: 120_000 }, async (seed) => {
    const from = performance.now();
    const inputs = server.inputs;
    await fuzz(seed, CROWDS_PER_SEED);
    console.log(
      server.inputs - inputs,
      performance.now() - from,
      await server.bystanderFigures(),
      await server.figures(),
    );
  });

  test('rest', { timeout: 60_000 }, async () => {
    const from = performance.now();
    const figures = await server.figuresAtRest(40_000);
    console.log(performance.now() - from, figures, (figures.heapUsed - before.heapUsed) / 1e6);
    console.log(await server.stop());
  });
});
