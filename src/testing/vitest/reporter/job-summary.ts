import { appendFile, stat } from 'node:fs/promises';

/**
 * GitHub's limit for the summary of one step, in bytes. It shows nothing of a larger summary.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
 */
const MAX_BYTES = 1024 * 1024;

/** Room for others that write to the same summary, such as Vitest's own reporter for GitHub, in bytes. */
const LEFT_TO_OTHERS = 128 * 1024;

/**
 * Appends the documents that fit to the summary of a GitHub job. Every step can append Markdown to it.
 *
 * @param remark returns a note about the documents that do not fit, given their positions
 */
export async function appendToSummary(
  path: string,
  documents: readonly string[],
  remark: (leftOut: readonly number[]) => string,
): Promise<void> {
  const known = await stat(path).catch(() => undefined);
  let room = MAX_BYTES - LEFT_TO_OTHERS - (known?.size ?? 0);
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
  await appendFile(path, parts.join(''));
}
