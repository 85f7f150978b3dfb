/** What a label may take up. */
export interface LabelSize {
  /** In characters. */
  width: number;
  lines: number;
}

/**
 * A text as Mermaid shows it, whatever it holds: broken into lines, cut in its middle, and with everything escaped
 * that Mermaid, or the HTML and the formulas that it allows in texts, would take for its own.
 */
export function label(text: string, { width, lines }: LabelSize): string {
  const all = wrap(visible(text), width);
  if (all.length <= lines) return all.map(escape).join('<br/>');
  const tail = Math.floor(lines / 2);
  const shown = [...all.slice(0, lines - tail), ...all.slice(all.length - tail)];
  const end = lines - tail - 1;
  shown[end] = `${Array.from(shown[end]!)
    .slice(0, width - 1)
    .join('')}…`;
  return shown.map(escape).join('<br/>');
}

/** On one line: control characters, and those that turn the direction of writing, become visible ones. */
function visible(text: string): string {
  return (
    text
      .replaceAll(/\r?\n|[\r\u2028\u2029]/g, ' ⏎ ')
      .replaceAll('\t', ' ')
      // oxlint-disable-next-line no-control-regex -- they are what it is about
      .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '�')
      // Half of a surrogate pair cannot be written to a file.
      .replaceAll(/\p{Surrogate}/gu, '�')
      .replaceAll(/ {2,}/g, ' ')
      .trim()
  );
}

/** Breaks between words where there are any, and never inside of a character. */
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
 * Mermaid's own entities, `#35;`. Beside what its grammar uses: `$` begins formulas, and `ﬂ`, `¶` and `°` are what
 * Mermaid writes entities with while it works. A colon behind `style` would cost the line its last entity, and one
 * behind `wrap` is an instruction; see `encodeEntities` and `parseMessage` in Mermaid.
 */
function escape(text: string): string {
  const special = /style|classdef|wrap/i.test(text) ? /[#;<>&%$\\`ﬂ¶°:]/g : /[#;<>&%$\\`ﬂ¶°]/g;
  return text.replaceAll(special, (character) => `#${character.codePointAt(0)};`);
}
