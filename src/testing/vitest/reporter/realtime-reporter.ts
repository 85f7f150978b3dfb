import { relative } from 'node:path';
import type { Reporter, TestCase, Vitest } from 'vitest/node';
import { JobSummary } from './job-summary.js';
import type { ReporterPart } from './part.js';
import { reportsDirectory } from './reports-directory.js';
import { TimelineReport } from './timeline-report.js';

export interface RealtimeReporterOptions {
  /** Where files are written to, from the project's root. @default the directory of the JUnit report, or `reports` */
  directory?: string;
}

/**
 * A Vitest reporter that writes what happened in the apps of failed tests to a file each and, on GitHub, to the
 * summary of the job.
 *
 * @example
 * ```ts
 * export default defineConfig({
 *   test: { reporters: ['default', 'nest-realtime-kit/testing/vitest/reporter'] },
 * });
 * ```
 */
export class RealtimeReporter implements Reporter {
  private parts: readonly ReporterPart[] = [];
  private print: (line: string) => void = () => {};

  constructor(private readonly options: RealtimeReporterOptions = {}) {}

  onInit(vitest: Vitest): void {
    const directory = reportsDirectory(vitest.config, this.options.directory);
    this.print = (line) => vitest.logger.log(line);
    this.parts = [
      new TimelineReport(
        { directory, summary: JobSummary.ofEnvironment() },
        relative(process.cwd(), directory),
      ),
    ];
  }

  async onTestCaseResult(test: TestCase): Promise<void> {
    for (const part of this.parts) await part.onTestCaseResult(test);
  }

  async onTestRunEnd(): Promise<void> {
    for (const part of this.parts) {
      const line = await part.onTestRunEnd();
      if (line !== undefined) this.print(line);
    }
  }
}
