import * as fc from 'fast-check';

/** Texts on which programs stumble. */
const awkwardTexts = [
  '',
  ' ',
  '0',
  '-1',
  '1e309',
  'NaN',
  'null',
  'undefined',
  '[object Object]',
  '\0',
  '\n',
  '\u2028',
  '\u001e',
  '\uFEFF',
  'é\u0301',
  '👩‍👩‍👧',
  '"',
  '\\',
  '%00',
  '%s %j %o',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '{"event":"granted","data":"admin"}',
  '{"toString":1}',
  '[[[[',
  '2026-01-01T00:00:00Z',
  'x'.repeat(2_000),
];

/** Names on which programs stumble, as a key or as an event. */
export const awkwardNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'toJSON',
  'then',
  'catch',
  'subscribe',
  'lift',
  'length',
  'hasOwnProperty',
  'message',
  'stack',
  'name',
  'cause',
  'status',
  'error',
  'code',
  'event',
  'data',
  'id',
  'nsp',
  'type',
  '_placeholder',
  'num',
  '0',
  '',
];

/** Those that handlers look for. */
const knownKeys = ['a', 'b', 'c', 'id', 'text', 'items', 'name', 'user', 'role', 'room', 'part', 'denied', 'keep'];

/** Half a character: valid in JSON, in no encoding. */
const loneSurrogates = ['"\\ud800"', '"\\udc00\\ud800"', '"a\\udfff"'];

/** Numbers that JSON has, and JavaScript has not. */
const awkwardNumbers = [
  '0',
  '-0',
  '1',
  '-1',
  '0.5',
  '1e999',
  '-1e999',
  '1e-999',
  '9007199254740993',
  '2147483648',
  '123456789012345678901234567890',
  '401',
  '599',
];

const texts = fc.oneof(
  fc.constantFrom(...awkwardTexts, ...awkwardNames),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ maxLength: 12 }),
);

const keys = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...knownKeys) },
  { weight: 3, arbitrary: fc.constantFrom(...awkwardNames) },
  { weight: 1, arbitrary: texts },
);

const scalars = fc.oneof(
  texts.map((text) => JSON.stringify(text)),
  fc.constantFrom(...loneSurrogates),
  fc.constantFrom(...awkwardNumbers),
  fc.double().map((number) => JSON.stringify(number)),
  fc.constantFrom('null', 'true', 'false'),
);

const placeholders = fc
  .constantFrom('0', '1', '-1', '0.5', '1e999', '"0"', 'null', '99')
  .map((num) => `{"_placeholder":true,"num":${num}}`);

/** What handlers expect: with it, their code is gone through to the end. */
const orders = fc.constantFrom(
  '{"a":{"b":{"c":"text"}},"id":7,"text":"text","code":"CODE","status":404,"items":[{"name":"n"}]}',
  '{"user":{"name":"name","role":"admin"},"id":"7","text":" text "}',
  '{"room":"lobby","text":{"event":"granted","data":1},"keep":true}',
  '{"event":"granted","data":"admin","part":{"event":"granted"}}',
  '{"text":"{\\"event\\":\\"granted\\",\\"data\\":1}","denied":{"message":"no","data":{"a":1}}}',
);

/** Arrays or objects in each other, to a depth at which recursion ends. */
const towers = fc
  .record({
    kind: fc.constantFrom(['[', ']'], ['{"a":', '}'], ['{"event":"x","a":[', ']}']),
    depth: fc.integer({ min: 10, max: 2_000 }),
  })
  .map(({ kind: [open, close], depth }) => `${open.repeat(depth)}1${close.repeat(depth)}`);

const { value } = fc.letrec<Record<'value' | 'object' | 'array', string>>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: scalars },
    { weight: 3, arbitrary: tie('object') },
    { weight: 1, arbitrary: tie('array') },
    { weight: 1, arbitrary: placeholders },
  ),
  object: fc
    // Two members may have one name, as JSON allows it.
    .array(fc.tuple(keys, tie('value')), { maxLength: 5 })
    .map((members) => `{${members.map(([key, member]) => `${JSON.stringify(key)}:${member}`).join(',')}}`),
  array: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
}));

/** JSON texts of values that a client may send where it means no harm; nested within bounds. */
export const jsonValues: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: value },
  { weight: 3, arbitrary: orders },
);

/** The same, and such that are nested deeply. */
export const anyJsonValues: fc.Arbitrary<string> = fc.oneof(
  { weight: 20, arbitrary: jsonValues },
  { weight: 1, arbitrary: towers },
);

/** Objects, as `auth` has to be. */
export const jsonObjects: fc.Arbitrary<string> = fc
  .array(fc.tuple(keys, value), { maxLength: 4 })
  .map((members) => `{${members.map(([key, member]) => `${JSON.stringify(key)}:${member}`).join(',')}}`);
