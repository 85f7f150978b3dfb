/** How surely an entry tells of a failure: 0 not at all, 1 perhaps, from {@link SURELY_WRONG} on surely. */
export type Severity = 0 | 1 | 2 | 3 | 4;

/** What is surely wrong; what is less severe may be what the test is about. */
export const SURELY_WRONG = 2;

/** An arrow between a client and the server, or a note over one of the two. */
export type Drawing = (
  { readonly by: 'client' | 'server'; readonly style?: 'answer' | 'cut' } | { readonly over: 'client' | 'server' }
) & {
  readonly text: string;
  /** Whether it is of a client's leave, as every client takes it at the end of a test. */
  readonly farewell?: boolean;
};

/** All that is known of one kind of entry. */
export interface Kind<Entry> {
  /** What happened, without when and why: `alice → "say" ('hi')`. */
  sentence(entry: Entry): string;
  /** @default 0 */
  severity?(entry: Entry): Severity;
  /** How a diagram shows it; `mark` is to stand before what is wrong. @default its sentence, over the server */
  drawing?(entry: Entry, mark: string): Drawing;
  /** What it has in common with those of other clients. @default the name of its kind */
  gist?(entry: Entry): string;
}

/** A kind for each of the entries. */
export type Kinds<Entry extends { readonly kind: string }> = {
  readonly [Name in Entry['kind']]: Kind<Extract<Entry, { readonly kind: Name }>>;
};
