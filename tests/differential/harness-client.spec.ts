import { worlds } from 'nest-realtime-kit/testing';
import * as msgpack from 'socket.io-msgpack-parser';
import { describe, test } from 'vitest';
import { observeSide } from './harness-client/observe-side.js';
import { scenarios } from './harness-client/scenarios.js';

const everyWorld = worlds({
  transports: ['websocket', 'polling', 'upgrade'],
  parsers: { 'default parser': undefined, msgpack },
  recovery: [false, true],
});

describe.each(everyWorld)('the harness client behaves like a client of socket.io-client over $name', (world) => {
  test.concurrent.for(Object.entries(scenarios))('%s', async ([, scenario], { expect }) => {
    const plain = await observeSide('plain', scenario, world);
    const harness = await observeSide('harness', scenario, world);
    expect(harness).toStrictEqual(plain);
    expect(plain.test).not.toEqual({});
  });
});
