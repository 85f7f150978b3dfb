import type { TimelineEntry } from './entry.js';
import { toMermaid } from './mermaid.js';
import { printEntries } from './text.js';

/** Entries as Markdown: the diagram, and the text below it. */
export function toMarkdown(
  entries: readonly TimelineEntry[],
  dropped: number,
  title = 'What happened',
): string {
  return `# ${title}\n\n\`\`\`mermaid\n${toMermaid(entries, dropped)}\n\`\`\`\n\n\`\`\`text\n${printEntries(entries, dropped)}\n\`\`\`\n`;
}
