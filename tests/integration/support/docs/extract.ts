import { mkdtempSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Block } from './blocks.js';

/** Where the blocks of all pages are written to, side by side: a block imports another by the name of its file. */
export function extract(blocks: readonly Block[]): string {
  const directory = mkdtempSync(fileURLToPath(new URL('../../.docs-', import.meta.url)));
  const files = new Map<string, string[]>();
  for (const block of blocks) {
    const name = fileOf(block);
    const lines = files.get(name) ?? [];
    files.set(name, lines);
    if (isWhole(block) && lines.length > 0) throw new Error(`${titleOf(block)}: there is a ${name} already`);
    place(block, lines);
  }
  for (const [name, lines] of files) {
    writeFileSync(`${directory}/${name}`, Array.from(lines, (line: string | undefined) => line ?? '').join('\n'));
  }
  const tsconfig = { extends: '../../../tsconfig.json', include: ['*.ts'], exclude: [] };
  writeFileSync(`${directory}/tsconfig.json`, JSON.stringify(tsconfig));
  return directory;
}

/** What the test of a block is called. */
export function titleOf({ page, line, heading }: Block): string {
  return `${page}:${line} ${heading}`;
}

/** Whether a block is a file of its own; else it is what a test does. */
export function isWhole({ code }: Block): boolean {
  return code.startsWith('import ');
}

/** The name of the file that a block is in. The blocks of a page that are not whole files share one. */
export function fileOf(block: Block): string {
  const page = block.page.replace(/^.*\/|\.md$/g, '');
  const suffix = block.info === 'fails' ? 'fails' : 'passes';
  if (!isWhole(block)) return `${page}.${suffix}.ts`;
  if (!block.info.endsWith('.ts')) return `${page}-${block.line}.${suffix}.ts`;
  return block.info.endsWith('.spec.ts') ? `${block.info.slice(0, -'.spec.ts'.length)}.passes.ts` : block.info;
}

/** Puts a block on the lines that it has in its page, so that stacks and compilers point there. */
function place(block: Block, lines: string[]): void {
  const code = block.code.split('\n').slice(0, -1);
  code.forEach((text, index) => (lines[block.line + index] = text));
  if (isWhole(block)) return;
  lines[0] =
    "import { vi } from 'vitest'; import { assertThat, startTestApp } from 'nest-realtime-kit/testing';" +
    "import { expect } from 'nest-realtime-kit/testing/vitest'; import { ChatModule } from './chat.module.js';" +
    "import { test } from './chat.fixtures.js'; import type { ClientToServer, ServerToClient } from './chat.fixtures.js';";
  const prints = block.info === 'prints' ? "const printed = vi.spyOn(console, 'log').mockReturnValue();" : '';
  lines[block.line - 1] =
    `test(${JSON.stringify(titleOf(block))}, async ({ app, connect, alice, bob, carol, task }) => { ${prints}`;
  const keep = 'Object.assign(task.meta, { printed: printed.mock.calls.flat().map(String) }); printed.mockRestore();';
  lines[block.line + code.length] = `${prints && keep} });`;
}
