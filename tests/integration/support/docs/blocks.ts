import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** A file of the repository. */
export function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}

/** A code block of a page. */
export interface Block {
  /** Such as `docs/reference/assertions.md`. */
  page: string;
  /** Of the fence that opens it, counted from 1. */
  line: number;
  /** The heading that it stands under. */
  heading: string;
  language: string;
  /** What stands behind the language: how it is to be run, or the name of the file that it is. */
  info: string;
  code: string;
  /** The file that it quotes, and which another test runs. */
  quotes?: string;
  /** What it prints: the `text` or `json` block that follows it. */
  printed?: Block;
}

/** The pages that have code, README first. */
export const pages = [
  'README.md',
  ...readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .map((name) => `docs/${name}`),
];

/** The code blocks of a page; what a block prints belongs to it. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let heading = page;
  let quotes: string | undefined;
  let open: Block | undefined;
  for (const [index, text] of read(page).split('\n').entries()) {
    const fence = /^(\s*)(?:```|~~~)(\S*) ?(.*)$/.exec(text);
    if (open && text === '```') {
      blocks.push(open);
      open = undefined;
    } else if (open) {
      open.code += `${text}\n`;
    } else if (fence) {
      const [, indent, language = '', info = ''] = fence;
      if (indent || !text.startsWith('```') || !language)
        throw new Error(`${page}:${index + 1}: expected a fence at the margin, with a language`);
      open = { page, line: index + 1, heading, language, info, code: '', quotes };
      quotes = undefined;
    } else if (text) {
      heading = /^#+ (.+)$/.exec(text)?.[1] ?? heading;
      quotes = /^<!-- tested: (\S+) -->$/.exec(text)?.[1];
    }
  }
  if (open) throw new Error(`${page}:${open.line}: the block is not closed`);
  return joinPrinted(blocks);
}

/** Whether a block says that something comes of it: a failure, or what it prints. */
export function isPrinting({ info }: Block): boolean {
  return info === 'fails' || info === 'prints';
}

function joinPrinted(blocks: readonly Block[]): Block[] {
  return blocks.filter((block, index) => {
    const previous = blocks[index - 1];
    if (!previous || !isPrinting(previous) || !['text', 'json'].includes(block.language)) return true;
    previous.printed = block;
    return false;
  });
}
