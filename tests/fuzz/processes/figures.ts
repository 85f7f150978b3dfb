/** What can be asked of the server under test. */
export interface ServerAnswers {
  /** How many connections of Engine.IO's there are. */
  readonly connections: number;
  readonly figures: ServerFigures;
}

export interface ServerFigures {
  /** In bytes, after garbage collection. */
  readonly heapUsed: number;
  /** Members of all namespaces together. */
  readonly members: number;
  readonly namespaces: number;
  readonly rooms: number;
  /** How often each handler has run, by its name; with 0 those that have not. */
  readonly handled: Readonly<Record<string, number>>;
  /** Packets of Engine.IO's that have come. */
  readonly packets: number;
}

/** What can be asked of the bystanders. */
export interface BystanderAnswers {
  /** What they have lived through since they were last asked. */
  readonly figures: BystanderFigures;
}

export interface BystanderFigures {
  readonly acks: number;
  /** How long they took, in milliseconds. */
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  /** What went wrong for them: each disconnect, each answer that was not theirs. */
  readonly troubles: readonly string[];
}
