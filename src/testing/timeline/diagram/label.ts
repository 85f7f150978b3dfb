/**
 * Prepares any text for Mermaid: breaks it into lines, cuts its middle out, and escapes everything that Mermaid, or the
 * HTML and the formulas that it allows in texts, would interpret.
 */
export function label(text: string, { width, lines }: { width: number; lines: number }): string {
  const all = wrap(visible(text), width);
  if (all.length <= lines) return all.map(escape).join('<br/>');
  const tail = Math.floor(lines / 2);
  const shown = [...all.slice(0, lines - tail), ...all.slice(all.length - tail)];
  const end = lines - tail - 1;
  const cut = Array.from(shown[end]!).slice(0, width - 1);
  shown[end] = `${cut.join('')}…`;
  return shown.map(escape).join('<br/>');
}

/** Puts the text on one line. Control characters, and those that change the writing direction, become visible. */
function visible(text: string): string {
  return (
    text
      .replaceAll(/\r?\n|[\r\u2028\u2029]/g, ' ⏎ ')
      .replaceAll('\t', ' ')
      // oxlint-disable-next-line no-control-regex -- this pattern replaces control characters
      .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '�')
      // Half of a surrogate pair cannot be written to a file.
      .replaceAll(/\p{Surrogate}/gu, '�')
      .replaceAll(/ {2,}/g, ' ')
      .trim()
  );
}

/** Breaks between words if possible, and never inside a character. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line: string[] = [];
  for (const word of text.split(' ')) {
    let rest = Array.from(word);
    if (line.length > 0 && line.length + 1 + rest.length > width) {
      lines.push(line.join(''));
      line = [];
    }
    if (line.length > 0) line.push(' ');
    while (rest.length > width) {
      lines.push(rest.slice(0, width).join(''));
      rest = rest.slice(width);
    }
    line.push(...rest);
  }
  return [...lines, line.join('')];
}

/**
 * Uses Mermaid's own entities, such as `#35;`. Besides the characters of its grammar: `$` begins a formula, and Mermaid
 * uses `ﬂ`, `¶` and `°` internally to write entities. A colon after `style` would remove the last entity of the line,
 * and a colon after `wrap` is an instruction; see `encodeEntities` and `parseMessage` in Mermaid.
 */
function escape(text: string): string {
  const special = /style|classdef|wrap/i.test(text) ? /[#;<>&%$\\`ﬂ¶°:]/g : /[#;<>&%$\\`ﬂ¶°]/g;
  return text.replaceAll(special, (character) => `#${character.codePointAt(0)};`);
}
