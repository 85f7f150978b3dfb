import { expect, test } from 'vitest';
import { messageIn } from '../../../../src/testing/history/conversation.js';

const find = (args: readonly unknown[]): string | undefined =>
  messageIn({ say: () => {}, hears: 'said' }, args, (text) => text === 'alice#1');

test.each([
  ['a text', ['alice#1']],
  ['the second argument', ['lobby', 'alice#1']],
  ['a property', [{ room: 'lobby', text: 'alice#1' }]],
  ['there twice', [{ text: 'alice#1', html: 'alice#1' }]],
  ['a property of a property', [{ body: { parts: ['hi', 'alice#1'] } }]],
])('finds a message that is %s', (_, args) => expect(find(args)).toBe('alice#1'));

test.each([
  ['nothing', []],
  ['another text', ['alice#10', { text: 'alice' }]],
  ['values of other types', [null, undefined, 1, true, Buffer.from('alice#1'), () => {}]],
])('finds no message in %s', (_, args) => expect(find(args)).toBeUndefined());

test('ends with a value that contains itself', () => {
  const value: Record<string, unknown> = { text: 'hi' };
  value['self'] = value;
  expect(find([value])).toBeUndefined();
});
