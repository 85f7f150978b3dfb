/** Something that the server has begun and not finished. */
export interface Work {
  /** What it is, for readers: `handler of "say"`. */
  readonly what: string;
  /** The client on whose behalf it runs. */
  readonly client?: string;
  /** A stream, such as an Observable that a handler returned, may be meant to stay open. */
  readonly stream: boolean;
  /** A timer that was begun and is not awaited. */
  readonly timer: boolean;
  /** When it began, in milliseconds of `performance.now()`. */
  readonly since: number;
}
