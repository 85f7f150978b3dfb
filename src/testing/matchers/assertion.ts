import { payloadOf, type ReceivedEvent } from '../model/received-event.js';
import { showEvent } from '../report/format.js';
import type { ClientAssertionContext, TestClient } from '../client/test-client.js';
import type { Equals } from './equality.js';

/** How an assertion is evaluated. */
export interface Manner {
  negated: boolean;
  equals: Equals;
  /** Log entries count from this time on, in milliseconds of `performance.now()`. */
  since: number;
}

/** The outcome of an assertion. */
export interface Verdict {
  /** Without `.not`, `true` means that the assertion passes. With `.not`, `true` means that it fails. */
  readonly pass: boolean;
  /** Why the assertion failed. */
  message(): string;
}

/** A statement about clients or the app that can be checked at any moment. */
export interface Assertion<Found> {
  readonly context: ClientAssertionContext;
  /** The clients that it is about; a failure also tells whether they are disconnected. */
  readonly clients: readonly TestClient[];
  /** The subject in words: `bob`, `the app`. */
  readonly subject: string;
  /** What is expected, as an infinitive: `receive "said" ('hi')`. */
  readonly wanted: string;
  /** The event or the room that it is about. */
  readonly about?: { readonly event?: string; readonly room?: string };
  /** Whether it expects no such event, as `toReceiveTimes(0, …)` does. */
  readonly isOfNone?: boolean;
  /** In milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Whether it also excludes anything else, so that it can only be checked when nothing is in flight. */
  readonly complete?: boolean;
  /** Returns what makes it pass, or `undefined`. */
  readonly look: () => Found | undefined;
  /** Consumes what was found: marks events as read, and errors and refusals as expected. */
  readonly take?: (found: Found) => void;
  /** Whether it can no longer pass. */
  readonly isHopeless?: () => boolean;
  /** The reason, if finding nothing proves nothing. */
  readonly whyInconclusive?: () => string | undefined;
  /** What was found, as events that clients received. */
  readonly receipts?: (found: Found) => readonly ReceivedEvent[];
  /** For an assertion about an event: the unwanted receipts, and the clients that did not receive it. */
  readonly contradictedBy?: () => {
    /** The event as asserted: `"said" ('hi')`. */
    readonly event: string;
    readonly unwanted: readonly ReceivedEvent[];
    readonly missing: readonly { readonly name: string }[];
  };
  /** What was found, in words. */
  readonly describe: (found: Found) => readonly string[];
  /** What there is instead, in words. */
  readonly instead?: () => readonly string[];
}

/** The part of an assertion that depends on its subject. */
export type About = Pick<
  Assertion<never>,
  'context' | 'clients' | 'subject' | 'timeout' | 'signal' | 'isHopeless' | 'whyInconclusive'
>;

/** The common part of all assertions about a client. */
export function aboutClient(client: TestClient): About {
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

/** An event with its arguments. Without arguments, only the name counts. */
export interface ExpectedEvent {
  readonly event: string;
  readonly args: readonly unknown[];
  /** For failures, such as `"said" ('hi')`. */
  readonly text: string;
  readonly equals: Equals;
  readonly matches: (received: ReceivedEvent) => boolean;
}

export function expectedEvent(
  [event, ...args]: readonly [event: string, ...args: unknown[]],
  equals: Equals,
): ExpectedEvent {
  const matches = (received: ReceivedEvent): boolean =>
    received.event === event && (args.length === 0 || equals(payloadOf(received), args));
  return { event, args, equals, matches, text: showEvent(event, args.length > 0 ? args : undefined) };
}
