import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Reporter, TestRunEndReason, Vitest } from 'vitest/node';
import type { Coverage } from '../../coverage/coverage.js';
import { COVERAGE_DIR, readCoverage } from '../../coverage/directory.js';
import { printCoverage } from '../../coverage/print.js';
import { assertThreshold, coverageShortfalls, type CoverageThreshold } from '../../coverage/threshold.js';
import { coverageTotals } from '../../coverage/totals.js';
import { showVacuous, vacuousNegatives } from '../../coverage/vacuous.js';
import { format } from '../../report/format.js';
import { reportsDirectory } from './reports-directory.js';

export interface CoverageReporterOptions {
  /**
   * The required coverage in per cent: `80` of each kind, or `{ handlers: 100, events: 80 }`. Below it, the run fails.
   *
   * @default none
   */
  threshold?: CoverageThreshold;
  /**
   * What to do about a negative assertion on an event that no app of the run emitted, or on a room that was always
   * empty: its name may be misspelt.
   *
   * @default 'report', in the table
   */
  vacuousNegatives?: 'report' | 'fail';
  /**
   * The path of the JSON report, relative to Vitest's root.
   *
   * @default 'contract-coverage.json' in the reporter's directory
   */
  outputFile?: string;
}

/**
 * Reports at the end of a run which parts of the apps' contract it exercised, as a table and as JSON.
 *
 * @example
 * ```ts
 * reporters: ['default', new CoverageReporter({ threshold: { handlers: 100 } })]
 * ```
 */
export class CoverageReporter implements Reporter {
  private readonly options: CoverageReporterOptions;
  private run: { vitest: Vitest; directory: string } | undefined;

  /** @throws TypeError for unknown or invalid options */
  constructor(
    options: CoverageReporterOptions = {},
    /** The directory of the JSON report, relative to Vitest's root. */
    private readonly directory?: string,
  ) {
    this.options = resolveOptions(options);
  }

  /** When a run begins, all workers inherit Vitest's environment: forks and threads, in each project. */
  onInit(vitest: Vitest): void {
    const directory = mkdtempSync(join(tmpdir(), 'contract-coverage-'));
    const before = process.env[COVERAGE_DIR];
    process.env[COVERAGE_DIR] = directory;
    this.run = { vitest, directory };
    vitest.onClose(() => {
      rmSync(directory, { recursive: true, force: true });
      if (before === undefined) delete process.env[COVERAGE_DIR];
      else process.env[COVERAGE_DIR] = before;
    });
  }

  /** In watch mode, each run counts alone. */
  onTestRunStart(): void {
    if (this.run) rmSync(this.run.directory, { recursive: true, force: true });
  }

  onTestRunEnd(_modules: unknown, _errors: unknown, reason: TestRunEndReason): void {
    if (!this.run) return;
    const { vitest, directory } = this.run;
    const coverage = readCoverage(directory);
    if (coverage.apps === 0) {
      vitest.logger.log('\nContract coverage: no app was started and closed by startTestApp or realtimeTest.');
      return;
    }
    vitest.logger.log(`\n${printCoverage(coverage)}`);
    vitest.logger.log(`\nAs JSON: ${this.writeReport(vitest, coverage)}`);
    if (reason !== 'interrupted') this.evaluate(vitest, coverage);
  }

  /** @returns the path of the report */
  private writeReport({ config }: Vitest, coverage: Coverage): string {
    const path = this.options.outputFile
      ? resolve(config.root, this.options.outputFile)
      : join(reportsDirectory(config, this.directory), 'contract-coverage.json');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ totals: coverageTotals(coverage), ...coverage }, null, 2)}\n`);
    return path;
  }

  private evaluate({ config, logger }: Vitest, coverage: Coverage): void {
    const { threshold = 0, vacuousNegatives: vacuous } = this.options;
    const shortfalls = coverageShortfalls(coverage, threshold);
    if (vacuous === 'fail')
      shortfalls.push(...vacuousNegatives(coverage).map((one) => `Denied, and never seen: ${showVacuous(one)}`));
    if (shortfalls.length === 0) return;
    logger.error(`\n${shortfalls.join('\n')}`);
    // In watch mode, Vitest keeps running and a later run may pass.
    if (!config.watch) process.exitCode = 1;
  }
}

function resolveOptions(options: CoverageReporterOptions): CoverageReporterOptions {
  const { threshold, vacuousNegatives: vacuous, outputFile, ...unknown } = options;
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new TypeError(`CoverageReporter has no option "${name}". It has threshold, vacuousNegatives and outputFile.`);
  }
  if (threshold !== undefined) assertThreshold(threshold);
  if (vacuous !== undefined && vacuous !== 'report' && vacuous !== 'fail') {
    throw new TypeError(
      `The vacuousNegatives of CoverageReporter are to 'report' or to 'fail'. It got ${format(vacuous)}.`,
    );
  }
  if (outputFile !== undefined && (typeof outputFile !== 'string' || outputFile === '')) {
    throw new TypeError(`The outputFile of CoverageReporter is the path of a file. It got ${format(outputFile)}.`);
  }
  return options;
}
