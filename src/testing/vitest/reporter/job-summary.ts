import { appendFile, stat } from 'node:fs/promises';

/**
 * What GitHub shows of one step, in bytes; of more it shows nothing.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
 */
const MAX_BYTES = 1024 * 1024;

/** What is left to others that write to the same summary, as Vitest's own reporter for GitHub does, in bytes. */
const LEFT_TO_OTHERS = 128 * 1024;

/** The summary of a job on GitHub, which every step may append Markdown to. */
export class JobSummary {
  constructor(private readonly path: string) {}

  /** The one of this process, where it runs in a job. */
  static ofEnvironment({ GITHUB_STEP_SUMMARY: path } = process.env): JobSummary | undefined {
    return path ? new JobSummary(path) : undefined;
  }

  /**
   * Appends the documents for which there is room.
   *
   * @param remark what is to be said of those that are left out, by their positions
   */
  async append(documents: readonly string[], remark: (leftOut: readonly number[]) => string): Promise<void> {
    let room = MAX_BYTES - LEFT_TO_OTHERS - (await this.size());
    const leftOut: number[] = [];
    const parts = documents.flatMap((document, position) => {
      const text = `\n${document}\n`;
      const bytes = Buffer.byteLength(text);
      if (bytes <= room) {
        room -= bytes;
        return [text];
      }
      leftOut.push(position);
      return [];
    });
    if (leftOut.length > 0) parts.push(`\n${remark(leftOut)}\n`);
    await appendFile(this.path, parts.join(''));
  }

  private async size(): Promise<number> {
    const known = await stat(this.path).catch(() => undefined);
    return known?.size ?? 0;
  }
}
