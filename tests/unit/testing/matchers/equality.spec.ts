import { describe, expect, test } from 'vitest';
import { difference } from '../../../../src/testing/matchers/failure-text/difference.js';
import { equals } from '../../../../src/testing/matchers/equality.js';

class Message {
  constructor(readonly text: string) {}
}

describe('equals()', () => {
  test.each<[actual: unknown, expected: unknown]>([
    [1, 1],
    [
      ['a', { b: [1, null] }],
      ['a', { b: [1, null] }],
    ],
    [Buffer.from('a'), Buffer.from('a')],
    [new Date(0), new Date(0)],
    [['a', 1], expect.arrayContaining([1])],
    [{ a: { b: 1, c: 2 } }, { a: expect.objectContaining({ b: 1 }) }],
    [{ a: 'x' }, { a: expect.any(String) }],
    [{ text: 'hi' }, new Message('hi')],
    [new Message('hi'), new Message('hi')],
    [Buffer.from([1, 2]), new Uint8Array([1, 2])],
  ])('%j equals %j', (actual, expected) => {
    expect(equals(actual, expected)).toBe(true);
  });

  test.each<[actual: unknown, expected: unknown]>([
    [1, '1'],
    [[], [undefined]],
    [{ a: 1 }, {}],
    [{}, { a: undefined }],
    [Buffer.from('a'), Buffer.from('b')],
    [Buffer.from('a'), 'a'],
    [{ a: 1, b: 2 }, { a: expect.any(Number) }],
    [{ a: 1 }, { a: expect.any(String) }],
    [['a'], ['a', expect.anything()]],
    [{ text: 'hi' }, new Message('hello')],
    [new Set(['a']), new Set(['b'])],
  ])('%j does not equal %j', (actual, expected) => {
    expect(equals(actual, expected)).toBe(false);
  });

  test('compares circular objects without an endless loop', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(equals({ self: { self: 1 } }, circle)).toBe(false);
    expect(equals(circle, circle)).toBe(true);
  });
});

describe('difference()', () => {
  test('shows each value of a list on its own line', () => {
    expect(difference(['hi', 1], ['hi!', 1])).toEqual(["- 'hi'", "+ 'hi!'", '  1']);
  });

  test('marks missing and unexpected lines within an object', () => {
    const text = 'a text that is long enough to make it break';
    expect(difference([{ id: 1, text, mood: 'good' }], [{ id: 2, text, mood: 'good' }])).toEqual([
      '  {',
      '-   id: 1,',
      '+   id: 2,',
      `    text: '${text}',`,
      "    mood: 'good'",
      '  }',
    ]);
  });

  test('skips what an asymmetric matcher accepts, and names the matcher that does not', () => {
    const expected = [{ id: expect.any(String), at: expect.any(Number) }];
    expect(difference(expected, [{ id: 'x', at: 'y' }])).toEqual([
      "- { id: 'x', at: Any<Number> }",
      "+ { id: 'x', at: 'y' }",
    ]);
  });

  test('shows values that a list has too many or too few', () => {
    expect(difference(['a'], ['a', 'b'])).toEqual(["  'a'", "+ 'b'"]);
    expect(difference(['a', 'b'], [])).toEqual(["- 'a'", "- 'b'"]);
  });

  test('shows the whole object of a matcher, and what it lacks', () => {
    const expected = expect.objectContaining({ mood: 'good', at: expect.any(Number) as number });
    expect(difference([expected], [{ from: 'alice', at: 1 }])).toEqual([
      "- { from: 'alice', at: 1, mood: 'good' }",
      "+ { from: 'alice', at: 1 }",
    ]);
  });

  test('begins shortly before the first difference, however far behind it is', () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => ({ index }));
    const shown = difference(
      rows,
      rows.map((row) => (row.index === 2_500 ? { index: 'x' } : row)),
    );
    expect(shown.at(0)).toBe('… 2490 lines that are the same');
    expect(shown).toContain('- { index: 2500 }');
    expect(shown).toContain("+ { index: 'x' }");
  });

  test('compares only the beginning of long lists that differ', () => {
    const [some, others] = ['a', 'b'].map((letter) => Array.from({ length: 20_000 }, (_, index) => letter + index));
    expect(difference(some, others).at(-1)).toMatch(/^… \d+ more lines$/);
  });

  test('is cut when it is long, and says so', () => {
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    const shown = difference(
      numbers,
      numbers.map((number) => number + 1000),
    );
    expect(shown).toHaveLength(31);
    expect(shown.at(-1)).toBe('… 170 more lines');
  });
});
