import { randomBytes } from 'node:crypto';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import * as parser from 'socket.io-msgpack-parser';
import { describe } from 'vitest';
import { binaryGatewaysApp, digest } from './binary-gateways.app.js';
import { servings } from './servings.js';

const worlds = servings.flatMap(([kind, imports]) =>
  (['websocket', 'polling'] as const).map((transport) => [kind, transport, imports] as const),
);

describe.each(worlds)('an app of five gateways with msgpack, on %s over %s', (_kind, transport, imports) => {
  const client = { parser, transports: [transport] };
  const test = realtimeTest(binaryGatewaysApp(imports), { client });

  test('the bytes of an upload arrive as they were sent', async ({ connect }) => {
    const alice = await connect();
    const content = randomBytes(100_000);
    await expect(alice.emitWithAck('upload', content)).toBeAcked({
      size: 100_000,
      digest: digest(content),
    });
  });

  test('an upload without any bytes arrives', async ({ connect }) => {
    const alice = await connect();
    const nothing = Buffer.alloc(0);
    await expect(alice.emitWithAck('upload', nothing)).toBeAcked({ size: 0, digest: digest(nothing) });
  });

  test('bytes inside an object arrive', async ({ connect }) => {
    const alice = await connect();
    const [one, other] = [randomBytes(10), randomBytes(2_000)];
    const files = [
      { name: 'one', content: one },
      { name: 'other', content: other },
    ];
    await expect(alice.emitWithAck('upload all', { folder: 'tmp', files })).toBeAcked({
      'tmp/one': digest(one),
      'tmp/other': digest(other),
    });
  });

  test('bytes arrive as several arguments, and come back in an ack', async ({ connect }) => {
    const alice = await connect();
    const appended = alice.emitWithAck('append', 'log', Buffer.from('a'), Buffer.from('b'));
    await expect(appended).toBeAcked({ name: 'log', content: Buffer.from('ab') });
  });

  test('a client receives a Buffer in an ack as a Buffer', async ({ connect }) => {
    const alice = await connect();
    const content = (await alice.emitWithAck('download', 70_000)) as Buffer;
    expect(Buffer.isBuffer(content)).toBe(true);
    expect(content.equals(Buffer.alloc(70_000, 7))).toBe(true);
  });

  test('the bytes of a stream of events arrive in order', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('stream', 20);
    await app.settle();
    expect(alice.received('piece')).toEqual(
      Array.from({ length: 20 }, (_, piece) => [{ name: String(piece), content: Buffer.alloc(3, piece) }]),
    );
  });

  test('a handler returns an event with bytes', async ({ connect }) => {
    const alice = await connect();
    alice.emit('preview', { name: 'tea', content: Buffer.from('earl grey') });
    await expect(alice).toReceiveExactly(['previewed', { name: 'tea', content: Buffer.from('earl') }]);
  });

  test('the server sends bytes to a client and receives bytes in the ack', async ({ connect }) => {
    const measured = randomBytes(500);
    const asked: Buffer[] = [];
    const alice = await connect({
      on: {
        sample: (calibration: Buffer, ack: (answer: Buffer) => void) => {
          asked.push(calibration);
          ack(measured);
        },
      },
    });
    await expect(alice.emitWithAck('measure', Buffer.from([1, 2]))).toBeAcked({
      isBuffer: true,
      digest: digest(measured),
      measured,
    });
    expect(asked).toEqual([Buffer.from([1, 2])]);
  });

  test('bytes reach all other members of a room, and no client outside of it', async ({ connect }) => {
    const [alice, bob, carol] = await connect(3);
    await Promise.all([alice, bob].map((member) => member.emitWithAck('join', 'lobby')));
    const content = randomBytes(300);
    alice.emit('share', 'lobby', content);
    await expect(bob).toReceiveExactly(['shared', content]);
    for (const nobody of [alice, carol]) await expect(nobody).toReceiveExactly();
  });

  test('every client of a room answers a broadcast of bytes with bytes', async ({ connect }) => {
    const checked = (content: Buffer, ack: (answer: Buffer) => void): void => ack(content);
    const [alice, bob] = await connect(2, { on: { checked } });
    await Promise.all([alice, bob].map((member) => member.emitWithAck('join', 'hall')));
    await expect(alice.emitWithAck('share safely', 'hall', randomBytes(300))).toBeAcked(true);
    for (const member of [alice, bob]) await expect(member).toReceiveTimes(1, 'checked');
  });
});
