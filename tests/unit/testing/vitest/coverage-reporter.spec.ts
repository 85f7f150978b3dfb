import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Vitest } from 'vitest/node';
import { writeCoverage } from '../../../../src/testing/coverage/directory.js';
import {
  CoverageReporter,
  type CoverageReporterOptions,
} from '../../../../src/testing/vitest/reporter/coverage-reporter.js';
import { sampleCoverage } from '../coverage/sample.js';

/** As much of Vitest as the reporter needs. */
function start(options: CoverageReporterOptions, config: object = {}) {
  const root = mkdtempSync(join(tmpdir(), 'root-'));
  const logger = { log: vi.fn<(text: string) => void>(), error: vi.fn<(text: string) => void>() };
  const closers: (() => unknown)[] = [];
  const reporter = new CoverageReporter(options);
  reporter.onInit({
    config: { root, reporters: [], watch: true, ...config },
    logger,
    onClose: (closer: () => unknown) => closers.push(closer),
  } as unknown as Vitest);
  const directory = process.env.REALTIME_COVERAGE_DIR!;
  return {
    root,
    logger,
    reporter,
    directory,
    end: (reason: 'passed' | 'interrupted' = 'passed') => reporter.onTestRunEnd([], [], reason),
    [Symbol.dispose]: () => {
      for (const close of closers) close();
      rmSync(root, { recursive: true });
    },
  };
}

test('each run of a watching Vitest starts with empty coverage', () => {
  using vitest = start({});
  vitest.reporter.onTestRunStart();
  writeCoverage(vitest.directory, sampleCoverage());
  vitest.end();
  expect(vitest.logger.log).toHaveBeenCalledWith(expect.stringContaining('Contract coverage of 1 app\n'));
  vitest.logger.log.mockClear();
  vitest.reporter.onTestRunStart();
  vitest.end();
  expect(vitest.logger.log.mock.calls).toEqual([
    ['\nContract coverage: no app was started and closed by startTestApp or realtimeTest.'],
  ]);
});

test('a watching Vitest reports what is missing, and does not fail', () => {
  using vitest = start({ threshold: 100 });
  writeCoverage(vitest.directory, sampleCoverage());
  vitest.end();
  expect(vitest.logger.error).toHaveBeenCalledWith(expect.stringContaining('Missing: ChatGateway "shout"'));
  expect(process.exitCode).toBeUndefined();
});

test('an interrupted run is not checked against the threshold', () => {
  using vitest = start({ threshold: 100 });
  writeCoverage(vitest.directory, sampleCoverage());
  vitest.end('interrupted');
  expect(vitest.logger.log).toHaveBeenCalledWith(expect.stringContaining('Contract coverage of 1 app\n'));
  expect(vitest.logger.error).not.toHaveBeenCalled();
});

test.each([undefined, '/of/theirs'])(
  'the reporter removes its directory, and restores REALTIME_COVERAGE_DIR: %s',
  (before) => {
    vi.stubEnv('REALTIME_COVERAGE_DIR', before);
    const vitest = start({});
    expect(process.env.REALTIME_COVERAGE_DIR).not.toBe(before);
    writeCoverage(vitest.directory, sampleCoverage());
    vitest[Symbol.dispose]();
    expect(existsSync(vitest.directory)).toBe(false);
    expect(process.env.REALTIME_COVERAGE_DIR).toBe(before);
  },
);

afterEach(() => vi.unstubAllEnvs());

test.each<[string, CoverageReporterOptions, object, string]>([
  ['into reports', {}, {}, 'reports/contract-coverage.json'],
  ['beside JUnit', {}, { outputFile: { junit: 'out/a.xml' } }, 'out/contract-coverage.json'],
  [
    'beside JUnit with options of its own',
    {},
    { reporters: [['junit', { outputFile: 'out/a.xml' }]] },
    'out/contract-coverage.json',
  ],
  [
    'into reports when the file belongs to another reporter',
    {},
    { outputFile: 'out/a.json' },
    'reports/contract-coverage.json',
  ],
  ['to the configured path', { outputFile: 'b/c.json' }, { outputFile: { junit: 'out/a.xml' } }, 'b/c.json'],
])('the reporter writes JSON %s', (_where, options, config, path) => {
  using vitest = start(options, config);
  writeCoverage(vitest.directory, sampleCoverage());
  vitest.end();
  expect(JSON.parse(readFileSync(join(vitest.root, path), 'utf8'))).toEqual({
    totals: {
      handlers: { covered: 3, declared: 4, percent: 75 },
      acks: { covered: 1, declared: 2, percent: 50 },
      events: { covered: 1, declared: 2, percent: 50 },
    },
    ...sampleCoverage(),
  });
  expect(vitest.logger.log).toHaveBeenCalledWith(`\nAs JSON: ${join(vitest.root, path)}`);
});

test.each([
  [{ treshold: 80 }, 'CoverageReporter has no option "treshold". It has threshold, vacuousNegatives and outputFile.'],
  [{ threshold: 800 }, /^The threshold of the contract coverage is a number from 0 to 100, .+ It got 800\.$/],
  [{ outputFile: 1 }, 'The outputFile of CoverageReporter is the path of a file. It got 1.'],
])('the reporter rejects the options %j', (options, message) => {
  expect(() => new CoverageReporter(options as never)).toThrow(message);
});
