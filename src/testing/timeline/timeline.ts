import { format } from '../report/format.js';
import { executionContext, type Cause } from '../model/execution-context.js';
import { now } from '../timing/real-time.js';
import { sentenceOf, type Happening, type TimelineEntry } from './entry.js';
import { FoldedEntries } from './folded-entries.js';
import { toMarkdown, type MarkdownOptions } from './markdown.js';
import { toMermaid } from './mermaid.js';
import { printEntries, type PrintOptions } from './text.js';
import { toTranscript } from './transcript.js';

/** How many entries a timeline keeps by default. */
export const DEFAULT_CAPACITY = 10_000;

/** A text or buffer larger than this, in characters or bytes, is replaced by a note of its size. */
const LARGE = 16_384;

/**
 * Records what happened: the object itself becomes the entry. Its default cause is that of the calling code.
 *
 * @returns the `seq` of the entry
 */
export type Recorder = (happening: Happening, cause?: Cause) => number;

/**
 * All that happened in an app or a cluster, in order: connections, events and acks both ways, log entries, rooms, and
 * what the test did and asserted. It keeps the latest entries and counts those that it dropped.
 */
export class Timeline {
  private kept: TimelineEntry[] = [];
  private count = 0;
  private readonly listeners: ((entry: TimelineEntry) => void)[] = [];
  private readonly start = now();
  private readonly folded = new FoldedEntries();

  /** @internal @param capacity how many entries are kept; 0 keeps none */
  constructor(private readonly capacity = DEFAULT_CAPACITY) {}

  /** The entries that are kept, oldest first. */
  get entries(): readonly TimelineEntry[] {
    return this.kept.slice(-this.capacity);
  }

  /** @internal The time since the app began to boot, in milliseconds. */
  get elapsed(): number {
    return now() - this.start;
  }

  /** @internal The entries since a time, in milliseconds of `performance.now()`. */
  since(time: number): readonly TimelineEntry[] {
    return this.entries.filter(({ at }) => at + this.start >= time);
  }

  /** How many entries were dropped. */
  get dropped(): number {
    return this.count - this.entries.length;
  }

  /** The entries as text, one line each. */
  print(options?: PrintOptions): string {
    return printEntries(this.entries, this.dropped, options);
  }

  /** The entries as Markdown, with a Mermaid sequence diagram. Long ones are cut around the failure, and say so. */
  toMarkdown(options?: MarkdownOptions): string {
    return toMarkdown(this.entries, this.dropped, options);
  }

  /** Only the Mermaid sequence diagram. */
  toMermaid(): string {
    return toMermaid(this.entries, this.dropped);
  }

  /**
   * The golden transcript, for snapshots: what each client did and what that caused, without times, and with names in
   * place of ids, so that it is the same in every run.
   */
  transcript(): string {
    return toTranscript(this.entries, this.dropped);
  }

  /** `JSON.stringify` calls this. Functions, symbols, BigInts and circular references in payloads become text. */
  toJSON(): { dropped: number; entries: unknown[] } {
    return { dropped: this.dropped, entries: this.entries.map(toPlain) };
  }

  /** @internal Whether it keeps any entries. */
  get isOn(): boolean {
    return this.capacity > 0;
  }

  /** @internal Calls a listener with each entry as it is recorded, whether or not the entry is kept. */
  onRecord(listener: (entry: TimelineEntry) => void): void {
    this.listeners.push(listener);
  }

  /** @internal Counts what happens to the clients of a crowd, instead of an entry for each. */
  fold(crowd: string): void {
    this.folded.crowds.add(crowd);
  }

  /** @internal What crowds do from now on is not counted with what they did before. */
  startAnew(): void {
    this.folded.startAnew();
  }

  /** @internal Completes an entry whose cause has become known later. */
  noteCause(seq: number, cause: Cause | undefined): void {
    const entry = cause && this.kept.findLast((one) => one.seq === seq);
    if (entry && !entry.cause) Object.assign(entry, { cause });
  }

  /** @internal @param node the node, in a cluster */
  recorder(node?: number): Recorder {
    return (happening, cause) => this.add(happening, node, cause ?? executionContext.getStore()?.cause);
  }

  private add(happening: Happening, node?: number, cause?: Cause): number {
    const known = this.folded.find(happening, node, cause);
    if (known) return known.seq;
    const seq = (this.count += 1);
    if (!this.isOn && this.listeners.length === 0) return seq;
    if ('args' in happening) happening.args = happening.args.map(withoutBulk);
    const entry: TimelineEntry = Object.assign(
      happening,
      { seq, at: this.elapsed },
      node !== undefined && { node },
      cause && { cause },
    );
    this.folded.keep(entry);
    for (const listener of this.listeners) listener(entry);
    if (!this.isOn) return seq;
    this.kept.push(entry);
    // Cut in bulk, because cutting each time would copy the array each time.
    if (this.kept.length >= this.capacity * 2) this.kept = this.kept.slice(-this.capacity);
    return seq;
  }
}

/** A large value would stay in memory as long as the timeline. */
export function withoutBulk(value: unknown): unknown {
  if (typeof value === 'string' && value.length > LARGE) return `${value.slice(0, 100)}… (${value.length} characters)`;
  if (ArrayBuffer.isView(value) && value.byteLength > LARGE)
    return `${value.constructor.name} of ${value.byteLength} bytes`;
  return value;
}

/** An entry that cannot be exported becomes its text. */
function toPlain(entry: TimelineEntry): unknown {
  const above: object[] = [];
  function plain(this: object, _key: string, value: unknown): unknown {
    while (above.length > 0 && above.at(-1) !== this) above.pop();
    if (typeof value === 'function') return '[function]';
    if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (typeof value !== 'object' || value === null) return value;
    if (above.includes(value)) return '[circular]';
    // An instance of a class may reference half of the app.
    if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return format(value);
    above.push(value);
    return value;
  }
  try {
    return JSON.parse(JSON.stringify(entry, plain)) as unknown;
  } catch {
    const { kind, seq, at } = entry;
    return { kind, seq, at, text: sentenceOf(entry) };
  }
}
