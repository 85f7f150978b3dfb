import { severityOf, type TimelineEntry } from './entry.js';
import { LeftOut, excerpt, noLongerKept } from './excerpt.js';
import { toMermaid } from './mermaid.js';
import { lineOf } from './text.js';

export interface MarkdownOptions {
  /** @default 'What happened' */
  title?: string;
  /** Why the test failed. */
  failure?: string;
}

/** The maximum number of entries in the text. The diagram has fewer. */
const MAX_ENTRIES = 300;

/** Entries as Markdown: the failure, the diagram, and the text below it. Long ones are cut around the failure. */
export function toMarkdown(
  entries: readonly TimelineEntry[],
  dropped: number,
  { title = 'What happened', failure }: MarkdownOptions = {},
): string {
  return (
    [
      `# ${inline(title)}`,
      ...(failure === undefined ? [] : [fenced('text', failure)]),
      fenced('mermaid', toMermaid(entries, dropped)),
      fenced('text', textOf(entries, dropped)),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

/** The text of a heading: on one line, with the markup of Markdown and HTML escaped. */
function inline(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>&#|~]/g, String.raw`\$&`);
}

/** A code block. Its fence is longer than any run of backticks in the text, so the text cannot end it. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function textOf(entries: readonly TimelineEntry[], dropped: number): string {
  const lines = excerpt(entries, MAX_ENTRIES, severityOf).map((entry) =>
    entry instanceof LeftOut ? entry.remark(entry.items.length) : lineOf(entry),
  );
  return [...(dropped > 0 ? [noLongerKept(dropped)] : []), ...lines].join('\n');
}
