import type { ReceivedEvent } from '../model/received-event.js';
import type { ClientAssertionContext, TestClient } from '../client/test-client.js';

/** The outcome of an assertion. */
export interface Verdict {
  /** Whether it holds; of a negated one, whether what it denies does. */
  readonly pass: boolean;
  /** Why the expectation failed. */
  message(): string;
}

/** Something that is said of clients, or of the app, and that can be looked up at any moment. */
export interface Assertion<Found> {
  readonly context: ClientAssertionContext;
  /** Of whom it is said, and so whose fate matters. */
  readonly clients: readonly TestClient[];
  /** Of whom, in words: `bob`, `the app`. */
  readonly subject: string;
  /** What, as an infinitive: `receive "said" ('hi')`. */
  readonly wanted: string;
  /** The event, or the room, that it is about. */
  readonly about?: { readonly event?: string; readonly room?: string };
  /** Whether it says that there is none. */
  readonly isOfNone?: boolean;
  /** In milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Whether it says that there is nothing more, and so can be told only when all has come to rest. */
  readonly complete?: boolean;
  /** What bears it out, when something does. */
  readonly look: () => Found | undefined;
  /** Takes what bears it out, so that the next expectation does not see it. */
  readonly take?: (found: Found) => void;
  /** Whether nothing will bear it out any more. */
  readonly isHopeless?: () => boolean;
  /** Why that nothing bears it out proves nothing. */
  readonly whyInconclusive?: () => string | undefined;
  /** What bears it out, as events that clients have received. */
  readonly receipts?: (found: Found) => readonly ReceivedEvent[];
  /** What contradicts it, of one about an event: what came and should not have, and who should have had it and did not. */
  readonly contradictedBy?: () => {
    /** The event as it is stated: `"said" ('hi')`. */
    readonly event: string;
    readonly unwanted: readonly ReceivedEvent[];
    readonly missing: readonly TestClient[];
  };
  /** What bears it out, in words. */
  readonly describe: (found: Found) => readonly string[];
  /** What there is in its stead, in words. */
  readonly instead?: () => readonly string[];
}

/** What every assertion about a client has in common. */
export function aboutClient(
  client: TestClient,
): Pick<
  Assertion<unknown>,
  'context' | 'clients' | 'subject' | 'timeout' | 'signal' | 'isHopeless' | 'whyInconclusive'
> {
  return {
    context: client.context,
    clients: [client],
    subject: client.name,
    timeout: client.timeout,
    signal: client.signal,
    isHopeless: () => client.isGone,
    whyInconclusive: () => (client.connected ? undefined : `that proves nothing, since ${client.name} is gone`),
  };
}
