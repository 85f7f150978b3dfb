import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestCase } from 'vitest/node';
import { MARKDOWN, TIMELINE_ANNOTATION } from '../timeline-annotation.js';
import { fileNameOf } from './file-name.js';
import { appendToSummary } from './job-summary.js';

/** Writes the timelines that are attached to failed tests. */
export class TimelineReport {
  /** The failed tests, with the timelines of their apps. */
  private readonly failures: { readonly file: string; readonly markdown: string }[] = [];

  constructor(
    /** The directory for files and, in a GitHub job, the path of its summary. */
    private readonly surroundings: { readonly directory: string; readonly summary?: string | undefined },
    /** The directory as it is printed. */
    private readonly shownDirectory: string,
  ) {}

  async onTestCaseResult(test: TestCase): Promise<void> {
    const file = fileNameOf(test);
    const markdown = test.result().state === 'failed' ? timelineOf(test) : undefined;
    if (markdown !== undefined) this.failures.push({ file, markdown });
    // A file from an earlier run would show a failure that no longer exists.
    else await rm(join(this.surroundings.directory, file), { force: true });
  }

  async onTestRunEnd(): Promise<string | undefined> {
    const { directory, summary } = this.surroundings;
    const failures = this.failures.splice(0);
    if (failures.length === 0) return undefined;
    await mkdir(directory, { recursive: true });
    for (const { file, markdown } of failures) await writeFile(join(directory, file), markdown);
    const documents = failures.map(({ markdown }) => markdown);
    const remark = (leftOut: readonly number[]): string => {
      const files = leftOut.slice(0, MAX_NAMES).map((position) => `- \`${failures[position]!.file}\``);
      const more = leftOut.length - files.length;
      const note = `**The timelines of ${leftOut.length} more failed tests did not fit in here; they are in the files of the report:**`;
      return [note, '', ...files, ...(more > 0 ? [`- … and ${more} more`] : [])].join('\n');
    };
    if (summary) await appendToSummary(summary, documents, remark);
    return failures.length === 1
      ? `Timeline of the failed test: ${join(this.shownDirectory, failures[0]!.file)}`
      : `Timelines of ${failures.length} failed tests: ${join(this.shownDirectory, '*.timeline.md')}`;
  }
}

/** How many left-out files a summary names at most. */
const MAX_NAMES = 100;

/** The Markdown of the test's last attempt. */
function timelineOf(test: TestCase): string | undefined {
  const annotation = test
    .annotations()
    .findLast(({ type, attachment }) => type === TIMELINE_ANNOTATION && attachment?.contentType === MARKDOWN);
  const body = annotation?.attachment?.body;
  return typeof body === 'string' ? Buffer.from(body, 'base64').toString() : undefined;
}
