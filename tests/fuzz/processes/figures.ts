/** What the server under test tells of itself. */
export interface ServerFigures {
  /** In bytes, after garbage collection. */
  readonly heapUsed: number;
  /** Engine.IO's connections. */
  readonly connections: number;
  /** Members of all namespaces together. */
  readonly members: number;
  readonly namespaces: number;
  readonly rooms: number;
  /** Packets of Engine.IO's that have come. */
  readonly packets: number;
  /** How often each handler has run, by its name. */
  readonly handled: Readonly<Record<string, number>>;
  /** Log entries at level `error`. */
  readonly errors: number;
  /** The longest time that the event loop was held up since it was last asked for, in milliseconds. */
  readonly longestBlock: number;
}

/** What a bystander has lived through since it was last asked. */
export interface BystanderFigures {
  readonly acks: number;
  /** Of acks, in milliseconds. */
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  /** Why it was disconnected, each time that it was. */
  readonly disconnects: readonly string[];
}
