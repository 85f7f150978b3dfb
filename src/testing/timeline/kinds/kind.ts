/** How certainly an entry means a failure: 0 not at all, 1 perhaps, from {@link SURELY_WRONG} on surely. */
export type Severity = 0 | 1 | 2 | 3 | 4;

/** From this severity on, an entry is surely a failure. A less severe one may be what the test is about. */
export const SURELY_WRONG = 2;

/** An arrow between a client and the server, or a note over one of the two or over Redis. */
export type Drawing = (
  | { readonly by: 'client' | 'server'; readonly style?: 'answer' | 'cut' }
  | { readonly over: 'client' | 'server' | 'redis' }
) & {
  readonly text: string;
  /** Whether it may only be due to the disconnection of clients at the end of a test. */
  readonly farewell?: boolean;
};

/** The properties of one kind of entry. */
export interface Kind<Entry> {
  /** What happened, in words, without time and cause: `alice → "say" ('hi')`. */
  sentence(entry: Entry): string;
  /** @default 0 */
  severity?(entry: Entry): Severity;
  /** How a diagram shows it. `mark` comes before the text of a failure. @default its sentence, over the server */
  drawing?(entry: Entry, mark: string): Drawing;
  /** Its text without what differs from client to client. @default the name of its kind */
  gist?(entry: Entry): string;
}

/** One `Kind` for each kind of entry. */
export type Kinds<Entry extends { readonly kind: string }> = {
  readonly [Name in Entry['kind']]: Kind<Extract<Entry, { readonly kind: Name }>>;
};
