/** Work that has begun and not finished. */
export interface Work {
  /** What it is, for readers: `handler of "say"`. */
  readonly what: string;
  /** The client on whose behalf it runs. */
  readonly client?: string;
  /** Whether it is a stream, such as an Observable that a handler returned. It may stay open on purpose. */
  readonly stream: boolean;
  /** Whether it is a timer, which `settle` skips by default. */
  readonly timer: boolean;
  /** When it began, in milliseconds of `performance.now()`. */
  readonly since: number;
}
