import { relative } from 'node:path';
import type { Reporter, TestCase, TestRunEndReason, Vitest } from 'vitest/node';
import { CoverageReporter, type CoverageReporterOptions } from './coverage-reporter.js';
import { reportsDirectory } from './reports-directory.js';
import { TimelineReport } from './timeline-report.js';

export interface RealtimeReporterOptions {
  /** Where files are written, relative to Vitest's root. @default the directory of the JUnit report, or `reports` */
  directory?: string;
  /**
   * Contract coverage: a table at the end of the run, and JSON. With a threshold, the run fails below it.
   *
   * @default true
   */
  coverage?: boolean | CoverageReporterOptions;
}

/**
 * A Vitest reporter. It writes the timeline of each failed test to a file and, on GitHub, to the summary of the job. It
 * also reports which parts of the apps' contracts the run exercised and which not.
 *
 * @example
 * ```ts
 * export default defineConfig({
 *   test: { reporters: ['default', 'nest-realtime-kit/testing/vitest/reporter'] },
 * });
 * ```
 */
export class RealtimeReporter implements Reporter {
  private timelines: TimelineReport | undefined;
  private print: (line: string) => void = () => {};
  private readonly coverage: CoverageReporter | undefined;

  /** @throws TypeError for unknown or invalid options of `coverage` */
  constructor(private readonly options: RealtimeReporterOptions = {}) {
    const { coverage = true, directory } = options;
    if (coverage === false) return;
    this.coverage = new CoverageReporter(coverage === true ? {} : coverage, directory);
  }

  onInit(vitest: Vitest): void {
    this.coverage?.onInit(vitest);
    const directory = reportsDirectory(vitest.config, this.options.directory);
    this.print = (line) => vitest.logger.log(line);
    const summary = process.env.GITHUB_STEP_SUMMARY;
    this.timelines = new TimelineReport({ directory, summary }, relative(process.cwd(), directory));
  }

  onTestRunStart(): void {
    this.coverage?.onTestRunStart();
  }

  async onTestCaseResult(test: TestCase): Promise<void> {
    await this.timelines?.onTestCaseResult(test);
  }

  async onTestRunEnd(modules: unknown, errors: unknown, reason: TestRunEndReason): Promise<void> {
    this.coverage?.onTestRunEnd(modules, errors, reason);
    const line = await this.timelines?.onTestRunEnd();
    if (line !== undefined) this.print(line);
  }
}
