/** Something that was seen: by whom, what, and with which values. */
export type Fact = readonly unknown[];

/** What a scenario came to. */
export interface Observation {
  /** What the clients saw: each in its order, one client after the other. */
  client: readonly Fact[];
  /** What the app noted. */
  handlers: readonly Fact[];
  /** What was logged, and what nobody caught. */
  log: readonly Fact[];
}

export const PARTS = ['client', 'handlers', 'log'] as const;

type TextOf = (text: string) => string;

/** A copy of plain values. What is no plain value becomes a text that tells what it is. */
export function copyOf(value: unknown, textOf: TextOf = (text) => text): unknown {
  if (typeof value === 'string') return textOf(value);
  if (typeof value === 'function') return '[function]';
  if (typeof value === 'symbol' || typeof value === 'bigint') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return `${value.name}: ${textOf(value.message)}`;
  if (ArrayBuffer.isView(value)) return `[bytes ${Buffer.from(value as Uint8Array).toString('hex')}]`;
  if (value instanceof Set || value instanceof Map) return copyOf([...value], textOf);
  if (Array.isArray(value)) return value.map((each) => copyOf(each, textOf));
  if (!isPlain(value)) return `[${value.constructor.name}]`;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [textOf(key), copyOf(each, textOf)]));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Of a client that was never told its id, as the log has it. */
const UNTOLD_ID = /(?<=\bclient )[\w-]{20}\b/g;

/** Names for what is another with each run: ids and ports. */
export class Names {
  private readonly known = new Map<string, string>();

  add(secret: string | undefined, name: string): void {
    if (secret) this.known.set(secret, `<${name}>`);
  }

  stable<T>(value: T): T {
    return copyOf(value, (text) => this.stableText(text)) as T;
  }

  private stableText(text: string): string {
    let stable = text;
    for (const [secret, name] of this.known) stable = stable.replaceAll(secret, name);
    return stable.replaceAll(UNTOLD_ID, '<id>');
  }
}
