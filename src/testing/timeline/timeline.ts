import { format } from '../report/format.js';
import { executionContext, type Cause } from '../model/execution-context.js';
import { now } from '../timing/real-time.js';
import { sentenceOf, type Happening, type TimelineEntry } from './entry.js';
import { toMarkdown, type MarkdownOptions } from './markdown.js';
import { toMermaid } from './mermaid.js';
import { printEntries, type PrintOptions } from './text.js';
import { toTranscript } from './transcript.js';

/** How many entries a timeline keeps unless told otherwise. */
export const DEFAULT_CAPACITY = 10_000;

/** A text or buffer larger than this, in characters or bytes, is kept as a note of its size. */
const LARGE = 16_384;

/**
 * Notes what happened: the object itself becomes the entry. Its cause is, unless given, that on whose behalf the calling code runs.
 *
 * @returns the `seq` of the timeline's entry
 */
export type Recorder = (happening: Happening, cause?: Cause) => number;

/**
 * All that happened in an app, or in a cluster of them, in order: who came and went, events and acks both ways, log
 * entries, rooms, and what the test did and stated. It keeps the latest entries and counts those that it dropped.
 */
export class Timeline {
  private kept: TimelineEntry[] = [];
  private count = 0;
  private readonly listeners: ((entry: TimelineEntry) => void)[] = [];
  private readonly start = now();

  /** @internal @param capacity how many entries are kept; 0 keeps none */
  constructor(private readonly capacity = DEFAULT_CAPACITY) {}

  /** The entries that are kept, oldest first. */
  get entries(): readonly TimelineEntry[] {
    return this.kept.slice(-this.capacity);
  }

  /** @internal How long ago the app began to boot, in milliseconds. */
  get elapsed(): number {
    return now() - this.start;
  }

  /** @internal The entries from a time on, in milliseconds of `performance.now()`. */
  since(time: number): readonly TimelineEntry[] {
    return this.entries.filter(({ at }) => at + this.start >= time);
  }

  /** How many entries there were before those that are kept. */
  get dropped(): number {
    return this.count - this.entries.length;
  }

  /** As text, one line for each entry. */
  print(options?: PrintOptions): string {
    return printEntries(this.entries, this.dropped, options);
  }

  /** As Markdown, with a Mermaid sequence diagram; large ones are cut around what failed, and say so. */
  toMarkdown(options?: MarkdownOptions): string {
    return toMarkdown(this.entries, this.dropped, options);
  }

  /** The Mermaid sequence diagram alone. */
  toMermaid(): string {
    return toMermaid(this.entries, this.dropped);
  }

  /**
   * The golden transcript, to be snapshot: what each client did and what that caused, without times, and with ids
   * that are the same in every run.
   */
  transcript(): string {
    return toTranscript(this.entries, this.dropped);
  }

  /** What `JSON.stringify` makes of it. Functions, symbols and circles in payloads become text. */
  toJSON(): { dropped: number; entries: unknown[] } {
    return { dropped: this.dropped, entries: this.entries.map(toPlain) };
  }

  /** @internal Whether it keeps anything. */
  get isOn(): boolean {
    return this.capacity > 0;
  }

  /** @internal Calls a listener with each entry as it is recorded, whether or not the entry is kept. */
  onRecord(listener: (entry: TimelineEntry) => void): void {
    this.listeners.push(listener);
  }

  /** @internal @param node which one, in a cluster */
  recorder(node?: number): Recorder {
    return (happening, cause) => this.add(happening, node, cause ?? executionContext.getStore()?.cause);
  }

  private add(happening: Happening, node?: number, cause?: Cause): number {
    const seq = (this.count += 1);
    if (!this.isOn && this.listeners.length === 0) return seq;
    if ('args' in happening) happening.args = happening.args.map(withoutBulk);
    const entry: TimelineEntry = Object.assign(
      happening,
      { seq, at: this.elapsed },
      node !== undefined && { node },
      cause && { cause },
    );
    for (const listener of this.listeners) listener(entry);
    if (!this.isOn) return seq;
    this.kept.push(entry);
    // Cut off in bulk: to shift each time would copy the array each time.
    if (this.kept.length >= this.capacity * 2) this.kept = this.kept.slice(-this.capacity);
    return seq;
  }
}

/** A large value would keep its memory for as long as the timeline lives. */
function withoutBulk(value: unknown): unknown {
  if (typeof value === 'string' && value.length > LARGE) return `${value.slice(0, 100)}… (${value.length} characters)`;
  if (ArrayBuffer.isView(value) && value.byteLength > LARGE)
    return `${value.constructor.name} of ${value.byteLength} bytes`;
  return value;
}

/** What cannot be exported is told as its line is printed. */
function toPlain(entry: TimelineEntry): unknown {
  try {
    return plain(entry);
  } catch {
    const { kind, seq, at } = entry;
    return { kind, seq, at, text: sentenceOf(entry) };
  }
}

function plain(entry: TimelineEntry): unknown {
  const above: object[] = [];
  return JSON.parse(
    JSON.stringify(entry, function (this: object, _key, value: unknown) {
      while (above.length > 0 && above.at(-1) !== this) above.pop();
      if (typeof value === 'function') return '[function]';
      if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
      if (value instanceof Error) return `${value.name}: ${value.message}`;
      if (typeof value !== 'object' || value === null) return value;
      if (above.includes(value)) return '[circular]';
      // An instance may hold on to half of the app.
      if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return format(value);
      above.push(value);
      return value;
    }),
  ) as unknown;
}
