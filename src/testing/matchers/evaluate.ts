import type { ReceivedEvent } from '../model/received-event.js';
import { SettleTimeoutError } from '../report/errors.js';
import { report, type Details } from '../report/format.js';
import { EXPIRED, runningTime } from '../timing/deadline.js';
import type { Contradiction } from '../timeline/kinds/test.js';
import { failureContext } from './failure-text/failure-context.js';
import { named } from './names.js';
import type { Manner, Assertion, Verdict } from './assertion.js';

const HOPELESS = Symbol('hopeless');

/** How long a failed assertion keeps looking, so that it can report what came too late; in milliseconds. */
const GRACE = 1_000;

/**
 * Evaluates every assertion except `toBeRefused`. A positive assertion waits until it passes. A negative one waits
 * until nothing is in flight, then checks, so that its result is final.
 */
export async function evaluate<Found>({ negated }: Manner, assertion: Assertion<Found>): Promise<Verdict> {
  const { context, wanted } = assertion;
  const verdict = await (negated ? deny(assertion) : confirm(assertion)).catch((error: unknown) =>
    restless(assertion, negated, error),
  );
  const { subject, clients } = assertion;
  const holds = verdict.pass !== negated;
  const client = clients.length === 1 ? clients[0]?.name : undefined;
  const { about, isOfNone = false } = assertion;
  const denied = (negated ? !isOfNone : isOfNone) ? about : undefined;
  const what = `${subject} ${negated ? 'not ' : ''}to ${wanted}`;
  const contradiction = holds ? undefined : contradictionOf(assertion, negated);
  context.record({ kind: 'stated', what, holds, client, denied, contradiction });
  return verdict;
}

/** The contradiction as the timeline needs it: events by `seq`, clients by name. */
function contradictionOf<Found>(assertion: Assertion<Found>, negated: boolean): Contradiction | undefined {
  const { look, receipts, contradictedBy } = assertion;
  const found = negated ? look() : undefined;
  if (found !== undefined && receipts) return { unwanted: seqsOf(receipts(found)), missing: [] };
  const by = negated ? undefined : contradictedBy?.();
  return by && { event: by.event, unwanted: seqsOf(by.unwanted), missing: by.missing.map(({ name }) => name) };
}

function seqsOf(events: readonly ReceivedEvent[]): number[] {
  return events.flatMap(({ entry }) => entry ?? []);
}

async function deny<Found>(assertion: Assertion<Found>): Promise<Verdict> {
  const { context, timeout, signal } = assertion;
  if (!assertion.clients.every(({ isGone }) => isGone) || assertion.clients.length === 0) {
    await context.settle({ timeout, signal });
  }
  const found = assertion.look();
  const nothing = found === undefined ? assertion.whyInconclusive?.() : undefined;
  if (found === undefined && nothing === undefined) return { pass: false, message: () => '' };
  const but = found === undefined ? nothing : assertion.describe(found);
  return failure(assertion, true, '.', { but }, true);
}

async function confirm<Found>(assertion: Assertion<Found>): Promise<Verdict> {
  const { context, timeout, signal } = assertion;
  const deadline = runningTime() + timeout;
  const look = (): 'found' | typeof HOPELESS | undefined => {
    const found = assertion.look();
    if (found === undefined) return assertion.isHopeless?.() ? HOPELESS : undefined;
    if (!assertion.complete) assertion.take?.(found);
    return 'found';
  };
  const outcome = await context.activity.until(look, timeout, signal);
  if (outcome === 'found') {
    if (!assertion.complete) return { pass: true, message: () => '' };
    await context.settle({ timeout, signal });
    const found = assertion.look();
    const but = isNothing(found) ? assertion.whyInconclusive?.() : undefined;
    if (but !== undefined) return failure(assertion, false, '.', { but }, true);
    if (found !== undefined) {
      assertion.take?.(found);
      return { pass: true, message: () => '' };
    }
  }
  // Otherwise work in flight could make the message untrue before it is read.
  if (outcome === HOPELESS) await context.settle({ timeout: Math.min(timeout, GRACE), signal }).catch(() => {});
  const within = outcome === EXPIRED ? ` within ${timeout} ms` : '';
  const instead = assertion.instead?.();
  const late = outcome === EXPIRED ? await cameLate(assertion, deadline) : undefined;
  // If the match came late, what was there instead is outdated.
  const but = late === undefined ? instead : undefined;
  return failure(assertion, false, `${within}.`, { 'too late': late, but }, assertion.complete);
}

/** Whether an assertion passed because there is nothing, as `toReceiveExactly()` does. */
function isNothing(found: unknown): boolean {
  return Array.isArray(found) && found.length === 0;
}

/** If the app did not settle, nothing is certain: the assertion fails, with or without `.not`. */
function restless<Found>(assertion: Assertion<Found>, negated: boolean, error: unknown): Verdict {
  if (!(error instanceof SettleTimeoutError)) throw error;
  const [first = '', ...known] = error.message.split('\n');
  const waited = known.map((line) => line.trim()).filter((line) => line !== 'still in flight:');
  return failure(assertion, negated, `, which cannot be told: ${first}`, { 'it waited for': waited });
}

/** Describes what came after the deadline and would have made the assertion pass. */
async function cameLate<Found>(
  { context, clients, timeout, signal, look, describe }: Assertion<Found>,
  deadline: number,
): Promise<string | undefined> {
  if (clients.length > 0 && !clients.some(({ connected }) => connected)) return undefined;
  const came = await context.activity.until(look, Math.min(timeout, GRACE), signal);
  if (came === EXPIRED) return undefined;
  return `${describe(came).join('; ')}, ${Math.ceil(runningTime() - deadline)} ms after the deadline`;
}

/** @param how the rest of the headline, after what was expected @param contradicts as in `failureContext` */
function failure<Found>(
  { context, clients, subject, wanted }: Assertion<Found>,
  pass: boolean,
  how: string,
  instead: Details,
  contradicts = false,
): Verdict {
  const headline = named(context, `Expected ${subject} ${pass ? 'not ' : ''}to ${wanted}${how}`);
  const text = report(headline, failureContext(context, clients, instead, { contradicts }));
  return { pass, message: () => text };
}
