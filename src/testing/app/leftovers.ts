import { LooseEndsError, UndeclaredErrorLogsError, UndeclaredRefusalsError } from '../report/errors.js';
import type { Refusals } from '../observer/refused-events.js';
import type { Refusal } from '../model/refused-event.js';
import { payloadOf, type ReceivedEvent } from '../model/received-event.js';
import { showEvent, type Details } from '../report/format.js';
import { takeUnawaited } from '../matchers/unawaited.js';
import { nextTurn } from '../timing/real-time.js';
import { named } from '../matchers/names.js';
import { resolveStrict, type RunningApp, type StrictOptions } from './running-app.js';
import type { ClientAssertionContext, TestClient } from '../client/test-client.js';

/** How long the app may take to settle after a test before the checks run anyway, in milliseconds. */
const LAST_REST = 500;

/** What is checked of an app. */
type Checked = Pick<RunningApp, 'logs' | 'options' | 'timeout' | 'activity'> & {
  readonly observer: { readonly refusals: Refusals };
};

/**
 * Returns what a test left behind, as errors: assertions that it did not await, error logs and refusals that it did not
 * declare as expected and, in strict mode, loose ends.
 */
export async function findLeftovers(
  { logs, observer, options, timeout, activity }: Checked,
  context: ClientAssertionContext,
  clients: readonly TestClient[],
  since: number,
  /** Whether other tests run in the app. If so, only what these clients caused belongs to this test. */
  ofTheseOnly: boolean,
): Promise<readonly Error[]> {
  const { errorLogs, refusals } = options;
  const strict = resolveStrict(options.strict);
  // The test may await its last assertions together with this call. After one turn it has done so.
  await nextTurn();
  const problems = [...takeUnawaited(context.timeline)];
  const looksClosely = Object.values(strict).some(Boolean);
  if (errorLogs !== 'fail' && refusals !== 'fail' && !looksClosely) return problems;

  // The last events may still lead to an error log or a message. Do not wait long for work that hangs.
  const rest = { timeout: Math.min(timeout, LAST_REST), ignoreOpenStreams: true };
  await context.settle(rest).catch(() => activity.changed());
  const names = new Set<string | undefined>(clients.map(({ name }) => name));
  const errors = (errorLogs === 'fail' ? logs.undeclaredErrors(since) : []).filter(
    ({ cause }) => !ofTheseOnly || (cause && names.has(cause.client)),
  );
  if (errors.length > 0) problems.push(new UndeclaredErrorLogsError(errors, (text) => named(context, text)));
  for (const error of errors) logs.declare(error);
  const undeclared = (refusals === 'fail' ? observer.refusals.undeclared(since) : []).filter(
    ({ client }) => !ofTheseOnly || names.has(client),
  );
  // If a refusal was also logged as an error, that error is reported above, or the test declared it.
  const unknown = new Set(errorLogs === 'fail' ? [] : logs.undeclaredErrors(since));
  const told = logs.errorsSince(since).filter((entry) => !unknown.has(entry));
  const logged = new Set(told.map(({ cause }) => cause?.entry));
  const refused = undeclared.filter((refusal) => !logged.has(refusal.entry) && !wasSeen(refusal, context.everyone()));
  if (refused.length > 0) problems.push(new UndeclaredRefusalsError(refused));
  for (const { entry } of undeclared) observer.refusals.declare(entry);
  const looseEnds = looksClosely ? looseEndsOf(clients, strict) : {};
  if (Object.keys(looseEnds).length > 0) problems.push(new LooseEndsError(looseEnds));
  return problems;
}

/** Returns the errors that were logged while the clients disconnected and the app closed. */
export function lateErrors({ options, logs }: Pick<Checked, 'options' | 'logs'>): readonly Error[] {
  const errors = options.errorLogs === 'fail' ? logs.undeclaredErrors(0) : [];
  return errors.length > 0 ? [new UndeclaredErrorLogsError(errors)] : [];
}

/** Whether the test has seen an event that told its client of the refusal. */
function wasSeen(refusal: Refusal, clients: readonly TestClient[]): boolean {
  const { client } = refusal;
  return clients.some(
    ({ name, inbox }) =>
      name === client && inbox.events.some((received) => tells(received, refusal) && inbox.isKnown(received)),
  );
}

/** Whether an event tells of a refusal: Nest's `exception`, or an event that an exception filter sent because of it. */
function tells({ event, cause, sentAt = 0 }: ReceivedEvent, { entry, isFiltered, moment }: Refusal): boolean {
  if (event === 'exception') return cause?.entry === entry || cause?.entry === undefined;
  return cause?.entry === entry && (isFiltered || sentAt > moment);
}

function looseEndsOf(
  clients: readonly TestClient[],
  { unreadEvents, pendingAcks, openClients }: StrictOptions,
): Details {
  const found = {
    'unread events': unreadEvents
      ? clients.flatMap(({ name, inbox }) =>
          inbox.unread.map((received) => `${name} got ${showEvent(received.event, payloadOf(received))}`),
        )
      : [],
    'acks that did not come': pendingAcks
      ? clients.flatMap((client) =>
          client.pendingAcks.map(({ event, args }) => `${client.name} sent ${showEvent(event, args)}`),
        )
      : [],
    'still connected': openClients ? clients.filter(({ connected }) => connected).map(({ name }) => name) : [],
  };
  return Object.fromEntries(Object.entries(found).filter(([, ends]) => ends.length > 0));
}
