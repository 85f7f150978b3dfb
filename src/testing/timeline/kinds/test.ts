import type { Kinds } from './kind.js';

/** What contradicts an assertion about an event. */
export interface Contradiction {
  /** The missing event as asserted: `"said" ('hi')`. */
  readonly event?: string;
  /** The `seq` of each receipt that should not have come. */
  readonly unwanted: readonly number[];
  /** The clients that should have received it and did not. */
  readonly missing: readonly string[];
}

export type TestEntry =
  /** The test itself acted: it settled the app, disconnected a client, or closed the app. */
  | { kind: 'acted'; what: string; client?: string }
  /** The test asserted something. `denied` is the event or room of a negative assertion. */
  | {
      kind: 'stated';
      what: string;
      holds: boolean;
      client?: string;
      denied?: { event?: string; room?: string };
      contradiction?: Contradiction;
    };

export const test: Kinds<TestEntry> = {
  acted: {
    sentence: ({ what }) => `· ${what}`,
    drawing: ({ what }) => ({ over: 'client', text: `· ${what}` }),
  },
  stated: {
    sentence: ({ holds, what }) => `${holds ? '✓' : '✗'} ${what}`,
    severity: ({ holds }) => (holds ? 0 : 4),
    drawing: ({ holds, what }) => ({ over: 'client', text: holds ? `✓ ${what}` : `✗ Expected ${what}` }),
  },
};
