import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { TestCase } from 'vitest/node';

/** Limit for the names of file and test together, in bytes. File systems accept 255 for the whole name. */
const MAX_BYTES = 160;

type NamedTest = Pick<TestCase, 'id' | 'fullName'> & { readonly module: Pick<TestCase['module'], 'moduleId'> };

/** Returns a readable name that every file system accepts and that no other test has. */
export function fileNameOf({ id, fullName, module }: NamedTest): string {
  const words = `${basename(module.moduleId)} ${fullName}`.replaceAll(/[^\p{L}\p{N}]+/gu, '-');
  const cut = Buffer.from(words).subarray(0, MAX_BYTES).toString();
  const unique = createHash('sha256').update(id).digest('hex').slice(0, 8);
  return `${cut.replace(/\uFFFD+$/, '').replace(/^-|-$/g, '')}-${unique}.timeline.md`;
}
