import { createHash } from 'node:crypto';
import { basename } from 'node:path';

/** What of a test case makes up its file's name. */
export interface NamedTest {
  /** Vitest's own: the same in every run of the same tests, and unique. */
  readonly id: string;
  readonly fullName: string;
  readonly module: { readonly moduleId: string };
}

/** Of the names of the file and of the test, in bytes; file systems take 255 for all. */
const MAX_BYTES = 160;

/** A name that is readable, that every file system takes, and that no other test has. */
export function fileNameOf({ id, fullName, module }: NamedTest): string {
  const words = `${basename(module.moduleId)} ${fullName}`.replaceAll(/[^\p{L}\p{N}]+/gu, '-');
  const cut = Buffer.from(words)
    .subarray(0, MAX_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
  const unique = createHash('sha256').update(id).digest('hex').slice(0, 8);
  return `${cut.replace(/^-|-$/g, '')}-${unique}.timeline.md`;
}
