import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestCase } from 'vitest/node';
import { expect, test } from 'vitest';
import { fileNameOf } from '../../../../src/testing/vitest/reporter/file-name.js';
import { TimelineReport } from '../../../../src/testing/vitest/reporter/timeline-report.js';
import { reportsDirectory } from '../../../../src/testing/vitest/reporter/reports-directory.js';

const root = resolve('/project');

test.each([
  ['reports', {}],
  ['reports', { outputFile: 'out/all.json', reporters: [['json', {}]] }],
  ['out', { outputFile: 'out/all.xml', reporters: [['junit', {}]] }],
  ['out', { outputFile: { junit: 'out/junit.xml', json: 'other/all.json' } }],
  ['own', { outputFile: { junit: 'out/junit.xml' }, reporters: ['dot', ['junit', { outputFile: 'own/x.xml' }]] }],
])('reportsDirectory() returns %s for the configured reporters', (directory, config) => {
  expect(reportsDirectory({ root, ...config })).toBe(resolve(root, directory));
});

test('reportsDirectory() returns the requested directory', () => {
  expect(reportsDirectory({ root, outputFile: { junit: 'out/junit.xml' } }, 'mine')).toBe(resolve(root, 'mine'));
});

test.each([
  ['greets everybody', /^chat-spec-ts-greets-everybody-[0-9a-f]{8}\.timeline\.md$/],
  ['a > b: "../x\0\n*?"', /^chat-spec-ts-a-b-x-[0-9a-f]{8}\.timeline\.md$/],
  ['grüßt 日本', /^chat-spec-ts-grüßt-日本-[0-9a-f]{8}\.timeline\.md$/],
  ['', /^chat-spec-ts-[0-9a-f]{8}\.timeline\.md$/],
])('fileNameOf() makes a file name of the title %j', (fullName, name) => {
  expect(fileNameOf({ id: '1', fullName, module: { moduleId: '/a/chat.spec.ts' } })).toMatch(name);
});

test('fileNameOf() makes a unique name for each test, which is not too long', () => {
  const names = ['1', '2'].map((id) =>
    fileNameOf({ id, fullName: '語'.repeat(500), module: { moduleId: '/a/chat.spec.ts' } }),
  );
  expect(new Set(names).size).toBe(2);
  expect(Buffer.byteLength(names[0]!)).toBeLessThan(255);
  expect(names[0]).not.toContain('\uFFFD');
});

/** As much of Vitest's test case as the report reads. */
function testCase(state: 'failed' | 'passed', ...timelines: string[]): TestCase {
  const attachmentOf = (text: string) => ({
    contentType: 'text/markdown',
    body: Buffer.from(text).toString('base64'),
  });
  const annotations = timelines.map((text) => ({ type: 'timeline', attachment: attachmentOf(text) }));
  return {
    id: '1',
    fullName: 'greets',
    module: { moduleId: '/a/chat.spec.ts' },
    result: () => ({ state }),
    annotations: () => annotations,
  } as unknown as TestCase;
}

test('the file of a test holds its last attempt, and is removed when the test passes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'timelines-'));
  const file = join('shown', fileNameOf(testCase('failed')));
  const report = new TimelineReport({ directory }, 'shown');
  await report.onTestCaseResult(testCase('failed', 'first attempt', 'last attempt'));
  expect(await report.onTestRunEnd()).toBe(`Timeline of the failed test: ${file}`);
  const [name] = await readdir(directory);
  expect(await readFile(join(directory, name!), 'utf8')).toBe('last attempt');

  await report.onTestCaseResult(testCase('passed', 'first attempt'));
  expect(await report.onTestRunEnd()).toBeUndefined();
  expect(await readdir(directory)).toEqual([]);
  await rm(directory, { recursive: true });
});
