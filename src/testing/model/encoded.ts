/** A message as it leaves a process: nothing in it is shared with the process. */
export interface Encoded {
  readonly text: string;
  readonly binaries: readonly Buffer[];
}

/** Stands in the text for a binary. No text of an app has this key. */
const PLACE = 'nest-realtime-kit:binary';

/** Encodes a message as JSON, like the packets for clients: with `toJSON`, without functions, and with binaries aside. */
export function encode(message: unknown): Encoded {
  const binaries: Buffer[] = [];
  const text = JSON.stringify(message, function place(this: Record<string, unknown>, key, value: unknown) {
    // JSON has already called `toJSON` of a Buffer.
    const binary = bytesOf(this[key]);
    return binary ? { [PLACE]: binaries.push(binary) - 1 } : value;
  });
  return { text, binaries };
}

/** Decodes a message. Each call returns objects and Buffers of its own. */
export function decode({ text, binaries }: Encoded): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    const place = (value as { [PLACE]?: number } | null)?.[PLACE];
    return place === undefined ? value : Buffer.from(binaries[place]!);
  });
}

function bytesOf(value: unknown): Buffer | undefined {
  if (ArrayBuffer.isView(value)) return Buffer.from(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  return value instanceof ArrayBuffer ? Buffer.from(Buffer.from(value)) : undefined;
}
