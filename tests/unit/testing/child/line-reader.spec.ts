import { expect, test } from 'vitest';
import { LineReader } from '../../../../src/testing/child/line-reader.js';

function linesOf(pieces: readonly string[]): string[] {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const piece of pieces) reader.take(piece);
  reader.end();
  return lines;
}

test('lines arrive whole, also empty ones and the last one', () => {
  expect(linesOf(['on', 'e\n\ntwo\nth', 'ree'])).toEqual(['one', '', 'two', 'three']);
  expect(linesOf(['one\n'])).toEqual(['one']);
});

test('of a long line the beginning and the length are kept', () => {
  const pieces = Array.from({ length: 1_000 }, () => 'x'.repeat(1_000));
  expect(linesOf([...pieces, '\nnext\n'])).toEqual([`${'x'.repeat(100_000)}… (1000000 characters)`, 'next']);
});
