import type { TestCase } from 'vitest/node';
import type { JobSummary } from './job-summary.js';

/** Something that the reporter tells of a test run. Whatever it needs of the run, it is given when it is made. */
export interface ReporterPart {
  /** Takes in how a test came out. */
  onTestCaseResult(test: TestCase): void | Promise<void>;
  /**
   * Tells of the run that is over, and forgets it: in watch mode others follow.
   *
   * @returns a line to be printed, if there is something to be said
   */
  onTestRunEnd(): Promise<string | undefined>;
}

/** Where the parts leave what they have to tell. */
export interface Surroundings {
  /** The directory for files. */
  readonly directory: string;
  /** The summary of the GitHub job, where there is one. */
  readonly summary?: JobSummary;
}
