/** How many characters of a line are kept. */
const LONGEST = 100_000;

/** Makes lines of text that arrives in pieces. */
export class LineReader {
  private line = '';
  private length = 0;

  constructor(private readonly onLine: (line: string) => void) {}

  take(text: string): void {
    const [first, ...others] = text.split('\n');
    this.add(first!);
    for (const part of others) {
      this.endLine();
      this.add(part);
    }
  }

  /** Ends the last line, which no line break ends. */
  end(): void {
    if (this.length > 0) this.endLine();
  }

  private add(part: string): void {
    this.line += part.slice(0, LONGEST - this.line.length);
    this.length += part.length;
  }

  private endLine(): void {
    const { line, length } = this;
    this.line = '';
    this.length = 0;
    this.onLine(length > LONGEST ? `${line}… (${length} characters)` : line);
  }
}
