/** The colours of a terminal, and of what stands in it. */
export interface Palette {
  readonly background: string;
  readonly border: string;
  readonly text: string;
  readonly expected: string;
  readonly received: string;
  readonly dim: string;
}

export const PALETTES = {
  light: {
    background: '#ffffff',
    border: '#d0d7de',
    text: '#1f2328',
    expected: '#116329',
    received: '#cf222e',
    dim: '#656d76',
  },
  dark: {
    background: '#0d1117',
    border: '#30363d',
    text: '#e6edf3',
    expected: '#7ee787',
    received: '#ff7b72',
    dim: '#8b949e',
  },
} as const satisfies Record<string, Palette>;

/** In pixels. */
const [FONT, LINE, PADDING] = [14, 21, 20];
/** Of a monospaced font, a character's width to its height. */
const CHARACTER = 0.602;

/** A text as it looks in a terminal, as an SVG. */
export function terminalPicture(text: string, palette: Palette): string {
  const lines = text.trimEnd().split('\n');
  const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * FONT * CHARACTER) + 2 * PADDING;
  const height = lines.length * LINE + 2 * PADDING;
  const drawn = lines.map((line, index) => {
    const y = PADDING + index * LINE + FONT;
    return `  <text x="${PADDING}" y="${y}" fill="${colourOf(line, palette)}" xml:space="preserve">${escaped(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    `  font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT}">`,
    `  <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${palette.background}" stroke="${palette.border}"/>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

function colourOf(line: string, { text, expected, received, dim }: Palette): string {
  if (/^Error:|^ *\+ /.test(line)) return received;
  if (/^ *- /.test(line)) return expected;
  return line.trim() === '…' ? dim : text;
}

/** A text within XML. */
export function escaped(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
