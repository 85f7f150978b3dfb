import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { fileNameOf } from '../../../../src/testing/vitest/reporter/file-name.js';
import { reportsDirectory } from '../../../../src/testing/vitest/reporter/reports-directory.js';

const root = resolve('/project');

test.each([
  ['reports', {}],
  ['reports', { outputFile: 'out/all.json', reporters: [['json', {}]] }],
  ['out', { outputFile: 'out/all.xml', reporters: [['junit', {}]] }],
  ['out', { outputFile: { junit: 'out/junit.xml', json: 'other/all.json' } }],
  [
    'own',
    { outputFile: { junit: 'out/junit.xml' }, reporters: ['dot', ['junit', { outputFile: 'own/x.xml' }]] },
  ],
])('the directory is %s', (directory, config) => {
  expect(reportsDirectory({ root, ...config })).toBe(resolve(root, directory));
});

test('the directory is the one that is asked for', () => {
  expect(reportsDirectory({ root, outputFile: { junit: 'out/junit.xml' } }, 'mine')).toBe(
    resolve(root, 'mine'),
  );
});

test.each([
  ['greets everybody', /^chat-spec-ts-greets-everybody-[0-9a-f]{8}\.timeline\.md$/],
  ['a > b: "../x\0\n*?"', /^chat-spec-ts-a-b-x-[0-9a-f]{8}\.timeline\.md$/],
  ['grüßt 日本', /^chat-spec-ts-grüßt-日本-[0-9a-f]{8}\.timeline\.md$/],
  ['', /^chat-spec-ts-[0-9a-f]{8}\.timeline\.md$/],
])('the file of %j', (fullName, name) => {
  expect(fileNameOf({ id: '1', fullName, module: { moduleId: '/a/chat.spec.ts' } })).toMatch(name);
});

test('no two tests have the same file, and none has a name that is too long', () => {
  const names = ['1', '2'].map((id) =>
    fileNameOf({ id, fullName: '語'.repeat(500), module: { moduleId: '/a/chat.spec.ts' } }),
  );
  expect(new Set(names).size).toBe(2);
  expect(Buffer.byteLength(names[0]!)).toBeLessThan(255);
  expect(names[0]).not.toContain('\uFFFD');
});
