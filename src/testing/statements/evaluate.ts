import type { ReceivedEvent } from '../model/received-event.js';
import { SettleTimeoutError } from '../report/errors.js';
import { report, type Details } from '../report/show.js';
import { EXPIRED, runningTime } from '../timing/deadline.js';
import type { Contradiction } from '../timeline/entry.js';
import { failureContext } from './failure-context.js';
import { named } from './names.js';
import type { Statement, Verdict } from './statement.js';

const HOPELESS = Symbol('hopeless');

/** How long a failed expectation goes on looking, to be able to say that what it wanted came too late; in milliseconds. */
const GRACE = 1_000;

/**
 * The one place where statements are waited for. One that is made waits until it is borne out; one that is denied lets
 * the app settle and then looks, so that its answer is final.
 */
export async function evaluate<Found>(statement: Statement<Found>, negated: boolean): Promise<Verdict> {
  const { stage, wanted } = statement;
  const verdict = await (negated ? deny(statement) : confirm(statement)).catch((error: unknown) =>
    restless(statement, negated, error),
  );
  const { subject, clients } = statement;
  // Vitest leaves `isNot` undefined where nothing is negated.
  const holds = negated ? !verdict.pass : verdict.pass;
  const client = clients.length === 1 ? clients[0]?.name : undefined;
  const { about, isOfNone = false } = statement;
  const denied = (negated ? !isOfNone : isOfNone) ? about : undefined;
  const what = `${subject} ${negated ? 'not ' : ''}to ${wanted}`;
  const contradiction = holds ? undefined : contradictionOf(statement, negated);
  stage.record({ kind: 'stated', what, holds, client, denied, contradiction });
  return verdict;
}

/** For the timeline, which knows events by their `seq` and clients by their names. */
function contradictionOf<Found>(statement: Statement<Found>, negated: boolean): Contradiction | undefined {
  const { look, receipts, contradictedBy } = statement;
  const found = negated ? look() : undefined;
  if (found !== undefined && receipts) return { unwanted: seqsOf(receipts(found)), missing: [] };
  const by = negated ? undefined : contradictedBy?.();
  return by && { event: by.event, unwanted: seqsOf(by.unwanted), missing: by.missing.map(({ name }) => name) };
}

function seqsOf(events: readonly ReceivedEvent[]): number[] {
  return events.flatMap(({ entry }) => entry ?? []);
}

async function deny<Found>(statement: Statement<Found>): Promise<Verdict> {
  const { stage, wanted, timeout, signal } = statement;
  if (!statement.clients.every(({ isGone }) => isGone) || statement.clients.length === 0) {
    await stage.settle({ timeout, signal });
  }
  const found = statement.look();
  const nothing = found === undefined ? statement.whyInconclusive?.() : undefined;
  if (found === undefined && nothing === undefined) return { pass: false, message: () => '' };
  const but = found === undefined ? nothing : statement.describe(found);
  const headline = named(stage, `Expected ${statement.subject} not to ${wanted}.`);
  return failure(true, headline, failureContext(stage, statement.clients, { but }, { contradicts: true }));
}

async function confirm<Found>(statement: Statement<Found>): Promise<Verdict> {
  const { stage, wanted, timeout, signal } = statement;
  const deadline = runningTime() + timeout;
  const outcome = await stage.activity.until(
    () => {
      const found = statement.look();
      if (found === undefined) return statement.isHopeless?.() ? HOPELESS : undefined;
      if (!statement.complete) statement.take?.(found);
      return { found };
    },
    timeout,
    signal,
  );
  if (outcome !== EXPIRED && outcome !== HOPELESS) {
    if (!statement.complete) return { pass: true, message: () => '' };
    await stage.settle({ timeout, signal });
    const found = statement.look();
    const but = isNothing(found) ? statement.whyInconclusive?.() : undefined;
    if (but !== undefined) {
      const headline = named(stage, `Expected ${statement.subject} to ${wanted}.`);
      return failure(false, headline, failureContext(stage, statement.clients, { but }, { contradicts: true }));
    }
    if (found !== undefined) {
      statement.take?.(found);
      return { pass: true, message: () => '' };
    }
  }
  // What is still under way would make the text untrue by the time that it is read.
  if (outcome === HOPELESS) await stage.settle({ timeout: Math.min(timeout, GRACE), signal }).catch(() => {});
  const within = outcome === EXPIRED ? ` within ${timeout} ms` : '';
  const instead = statement.instead?.();
  const late = outcome === EXPIRED ? await cameLate(statement, deadline) : undefined;
  // What was there in its stead is not there any more.
  const but = late === undefined ? instead : undefined;
  const contradicts = statement.complete;
  const details = failureContext(stage, statement.clients, { 'too late': late, but }, { contradicts });
  return failure(false, named(stage, `Expected ${statement.subject} to ${wanted}${within}.`), details);
}

/** Whether what bears a statement out is that there is nothing. */
function isNothing(found: unknown): boolean {
  return Array.isArray(found) && found.length === 0;
}

/** What could not be told, since the app did not come to rest: that fails the statement, made or denied. */
function restless<Found>(statement: Statement<Found>, negated: boolean, error: unknown): Verdict {
  if (!(error instanceof SettleTimeoutError)) throw error;
  const { stage, subject, wanted, clients } = statement;
  const headline = `Expected ${subject} ${negated ? 'not ' : ''}to ${wanted}, which cannot be told: ${error.message}`;
  const [first = '', ...known] = headline.split('\n');
  const waited = known.map((line) => line.trim()).filter((line) => line !== 'still in flight:');
  return failure(negated, named(stage, first), failureContext(stage, clients, { 'it waited for': waited }));
}

/** What would have borne the statement out, had there been more time. */
async function cameLate<Found>(
  { stage, clients, timeout, signal, look, describe }: Statement<Found>,
  deadline: number,
): Promise<string | undefined> {
  if (clients.length > 0 && !clients.some(({ connected }) => connected)) return undefined;
  const came = await stage.activity.until(look, Math.min(timeout, GRACE), signal);
  if (came === EXPIRED) return undefined;
  return `${describe(came).join('; ')}, ${Math.ceil(runningTime() - deadline)} ms after the deadline`;
}

function failure(pass: boolean, headline: string, details: Details): Verdict {
  const text = report(headline, details);
  return { pass, message: () => text };
}
