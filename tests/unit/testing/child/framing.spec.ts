import { expect, test } from 'vitest';
import { FrameReader, frameOf } from '../../../../src/testing/child/framing.js';

const messages = [{ text: 'hi' }, new Map([[1, new Set([1n])]]), undefined, { bytes: Buffer.from('bytes') }];
const bytes = Buffer.concat(messages.map(frameOf));

test.each([1, 2, 3, 5, 7, 64, bytes.length])('messages arrive whole and in order in pieces of %i bytes', (size) => {
  const reader = new FrameReader();
  const read: unknown[] = [];
  for (let at = 0; at < bytes.length; at += size) read.push(...reader.take(bytes.subarray(at, at + size)));
  expect(read).toEqual(messages);
});

test('the beginning of a message alone is no message', () => {
  expect([...new FrameReader().take(bytes.subarray(0, frameOf(messages[0]).length - 1))]).toEqual([]);
});

test('what cannot be serialized throws', () => {
  expect(() => frameOf({ shared: new SharedArrayBuffer(8) })).toThrow('could not be cloned');
});
