import { expect, test } from 'vitest';
import { toMarkdown } from '../../../../src/testing/timeline/markdown.js';
import { connected, entriesOf, received, sent, stated } from './entries.js';

test('toMarkdown() writes a heading, the failure, the diagram and the text', () => {
  const entries = entriesOf(connected('bob'), received('bob', 'said', 'hi'));
  expect(toMarkdown(entries, 0, { title: 'greets', failure: 'Expected something else.' })).toBe(`# greets

\`\`\`text
Expected something else.
\`\`\`

\`\`\`mermaid
sequenceDiagram
  participant p1 as bob
  participant p2 as server
  p1->>p2: connects by websocket
  p2->>p1: "said" ('hi')
\`\`\`

\`\`\`text
     0.0 ms  bob connected to / by websocket
     1.0 ms  bob ← "said" ('hi')
\`\`\`
`);
});

test('toMarkdown() uses fences longer than their content, and escapes the heading', () => {
  const entries = entriesOf(received('bob', 'said', '`````'));
  const text = toMarkdown(entries, 0, { title: '*a*\n<b> #c', failure: '```' });
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([String.raw`# \*a\* \<b\> \#c`, '````text', '````', '``````text', '``````']),
  );
});

test('toMarkdown() cuts a long text around the failure', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => sent('bob', 'say', index));
  const text = toMarkdown(entriesOf(...many, stated('the app to log /x/', false), ...many), 7);
  const lines = text.slice(text.lastIndexOf('```text')).split('\n').slice(1, -2);
  expect(lines).toHaveLength(303);
  expect(lines.slice(0, 3)).toEqual([
    '… 7 entries before, no longer kept',
    '… 800 entries before, left out',
    '   800.0 ms  bob → "say" (800)',
  ]);
  expect(lines).toContain('  1000.0 ms  ✗ the app to log /x/');
  expect(lines.at(-1)).toBe('… 901 entries after, left out');
});
