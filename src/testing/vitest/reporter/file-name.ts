import { createHash } from 'node:crypto';
import { basename } from 'node:path';

/** The parts of a test case that its file name is made of. */
export interface NamedTest {
  /** Vitest's id: unique, and the same in every run of the same tests. */
  readonly id: string;
  readonly fullName: string;
  readonly module: { readonly moduleId: string };
}

/** Limit for the names of file and test together, in bytes. File systems accept 255 for the whole name. */
const MAX_BYTES = 160;

/** Returns a readable name that every file system accepts and that no other test has. */
export function fileNameOf({ id, fullName, module }: NamedTest): string {
  const words = `${basename(module.moduleId)} ${fullName}`.replaceAll(/[^\p{L}\p{N}]+/gu, '-');
  const cut = Buffer.from(words)
    .subarray(0, MAX_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
  const unique = createHash('sha256').update(id).digest('hex').slice(0, 8);
  return `${cut.replace(/^-|-$/g, '')}-${unique}.timeline.md`;
}
