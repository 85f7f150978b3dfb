import { randomInt } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FuzzedServer } from './fuzzed-server.js';
import { crowds } from './inputs/visits.js';
import type { ServerFigures } from './processes/figures.js';

const { FUZZ_SEED, FUZZ_PATH } = process.env;

const seeds = FUZZ_SEED ? [Number(FUZZ_SEED)] : [1, 2, 3, randomInt(2 ** 31)];

const CROWDS_PER_SEED = 90;
const INPUTS_IN_ALL = 100_000;

/** What a bystander has to put up with, in milliseconds, on a machine whose processors do other things too. */
const MOST_LATENCY = { p99: 500, max: 5_000 };

/** Within this time in milliseconds the last that is left behind is given up: the server's timeouts and some more. */
const UNTIL_ALONE = 15_000;

const MB = 1024 * 1024;

let server: FuzzedServer;
let before: ServerFigures;

beforeAll(async () => {
  server = await FuzzedServer.start();
  // What is compiled, cached and pooled at first is no growth.
  await fuzz(0, FUZZ_PATH ? 1 : 10);
  await server.untilAlone(UNTIL_ALONE);
  before = await server.figures();
  console.log(`before: ${describeBystanders(await server.bystanderFigures())}`);
}, 60_000);

afterAll(() => server[Symbol.asyncDispose]());

test.for(seeds)(
  'inputs of seed %d: the server lives, and bystanders are served',
  { timeout: 600_000 },
  async (seed) => {
    const began = performance.now();
    const inputsBefore = server.inputs;
    if (FUZZ_PATH) await fuzz(seed, 1, FUZZ_PATH);
    else await fuzz(seed, CROWDS_PER_SEED);
    const bystanders = await server.bystanderFigures();
    const seconds = (performance.now() - began) / 1_000;
    console.log(
      `seed ${seed}: ${server.inputs - inputsBefore} inputs in ${seconds.toFixed(1)} s; ${describeBystanders(bystanders)}`,
    );
    expect(bystanders.troubles).toEqual([]);
    expect(bystanders.p99).toBeLessThan(MOST_LATENCY.p99);
    expect(bystanders.max).toBeLessThan(MOST_LATENCY.max);
  },
);

test('nobody and nothing is left of them', { timeout: 60_000 }, async () => {
  expect(await server.untilAlone(UNTIL_ALONE)).toBe(0);
  const { heapUsed, members, namespaces, rooms, packets } = await server.figures();
  const grown = (heapUsed - before.heapUsed) / MB;
  console.log(
    `${server.inputs} inputs, ${packets} packets; heap ${(before.heapUsed / MB).toFixed(1)} MB, grown by ${grown.toFixed(1)} MB`,
  );
  expect({ members, namespaces, rooms }).toEqual({
    members: before.members,
    namespaces: before.namespaces,
    rooms: before.rooms,
  });
  expect(grown).toBeLessThan(10);
});

test.skipIf(FUZZ_SEED)('they were enough, and have reached every handler', async () => {
  expect(server.inputs).toBeGreaterThan(INPUTS_IN_ALL);
  const { handled } = await server.figures();
  expect(Object.values(handled).filter((count) => count === 0)).toEqual([]);
});

test('the server ends by itself', { timeout: 20_000 }, async () => {
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
});

/** @param path where an earlier run has failed; from there, the smallest inputs are looked for that fail too */
async function fuzz(seed: number, numRuns: number, path?: string): Promise<void> {
  const serverLives = fc.asyncProperty(crowds, async (crowd) => {
    if (!server.isAlive) server = await FuzzedServer.start();
    await server.receive(crowd);
  });
  const { failed, errorInstance, counterexample, counterexamplePath } = await fc.check(serverLives, {
    seed,
    numRuns,
    path,
    endOnFailure: path === undefined,
  });
  if (!failed) return;
  const advice = path
    ? `The smallest crowd that does it: ${JSON.stringify(counterexample, undefined, 2)}`
    : `To have it again, and smaller: FUZZ_SEED=${seed} FUZZ_PATH=${counterexamplePath} pnpm test:fuzz`;
  throw new Error(`${(errorInstance as Error).message}\n\n${advice}`);
}

function describeBystanders({
  acks,
  median,
  p99,
  max,
}: Awaited<ReturnType<FuzzedServer['bystanderFigures']>>): string {
  return `bystanders' ${acks} acks took ${median.toFixed(1)} ms (median), ${p99.toFixed(1)} (p99), ${max.toFixed(1)} (most)`;
}
