import type { ClientAssertionContext, TestClient } from '../../client/test-client.js';
import { showBecause, showEvent, showServerError, showWorks, type Details } from '../../report/format.js';
import { setTimeout } from '../../timing/real-time.js';
import { isRoutine } from '../../timeline/routine.js';
import { clientOf, lineOf } from '../../timeline/text.js';
import type { TimelineEntry } from '../../timeline/entry.js';
import { lastEvent } from './last-event.js';
import { withNames } from '../names.js';

/** Limits for the parts of a failure's text. */
const MAX = { errors: 3, turns: 8, timeline: 15, repeats: 8 };

/**
 * Collects all that may explain a failure, in the order in which a reader needs it.
 *
 * @param clients the clients that the assertion is about
 * @param instead what there is instead of what was expected; the rest does not repeat it
 * @param contradicts whether `instead` itself is what should not have happened
 */
export function failureContext(
  context: ClientAssertionContext,
  clients: readonly TestClient[],
  instead: Details = {},
  { contradicts = false }: { contradicts?: boolean } = {},
): Details {
  const told = Object.values(instead).flat().join('\n');
  const isNews = (line: string): boolean => !told.includes(line.replace(/, (?:running|open) for .*$/, ','));
  const errors = context.errors().filter((entry) => !told.includes(showServerError(entry)[0]!));
  const last = lastEvent(context, clients);
  const details = {
    ...instead,
    'the last event': contradicts && isCausedByAnother(told, last) ? undefined : last,
    because: [
      ...clients.flatMap(whyGone).filter(isNews),
      ...new Set(context.everyone().flatMap(({ connection }) => connection.faults)),
      ...whetherFaked(),
      ...showWorks(context.activity.work).filter(isNews),
      ...errors.slice(-MAX.errors).flatMap((entry) => {
        const [first, ...frames] = showServerError(entry);
        return [`the server logged ${first}`, ...frames];
      }),
    ],
    'without an ack': clients.flatMap((client) => waitingForAcks(client, context)),
    ...lastOfTimeline(context, clients),
  };
  return withNames(context, details);
}

/** Whether the unwanted events name their causes, and the last event is none of them. */
function isCausedByAnother(told: string, last = ''): boolean {
  const causes = [...told.matchAll(/, caused by (.+'s (?:"[^"]*"|connection|disconnect))/g)];
  return causes.length > 0 && !causes.some(([, cause]) => last.startsWith(cause!));
}

/** Why a client is not connected, as each end says it. */
export function whyGone(client: TestClient): string[] {
  if (client.connected) return [];
  const { disconnectReason: reason, serverDisconnectReason: asServerSays } = client;
  if (reason === undefined) return [`${client.name} never was connected`];
  const because = showBecause(client.connection.serverEnd?.disconnectCause);
  const atServer = asServerSays === undefined ? '' : ` (the server says: ${asServerSays})${because}`;
  return [`${client.name} is gone: ${reason}${atServer}`];
}

/** The events without an ack, except those that failed, or that were handled and are not the last event. */
function waitingForAcks({ name, pendingAcks }: TestClient, context: ClientAssertionContext): string[] {
  const entries = context.timeline.since(context.since());
  const last = entries.findLast(({ kind }) => kind === 'sent')?.seq;
  const isOver = (sent: number): boolean =>
    sent !== last && entries.some(({ kind, cause }) => kind === 'handled' && cause?.entry === sent);
  const waiting = pendingAcks.filter(
    ({ entry }) => context.observer.refusals.reasonOf(entry) === undefined && !isOver(entry),
  );
  return waiting.map(({ event, args }) => `${name}'s ${showEvent(event, args)}`);
}

function whetherFaked(): string[] {
  const isFaked = globalThis.setTimeout !== setTimeout;
  return isFaked ? ['setTimeout is faked: what the app does by timers waits until the test lets time pass'] : [];
}

/** The last entries and, from before, failures and changes of connections or rooms of these clients. */
function lastOfTimeline({ timeline, since }: ClientAssertionContext, clients: readonly TestClient[]): Details {
  const names = clients.map(({ name }) => name);
  const all = timeline.since(since()).filter((entry) => entry.kind !== 'stated' && !isRoutine(entry));
  const { others: entries, recurring } = withoutRecurring(all);
  const last = entries.slice(-MAX.timeline);
  const telling = entries.slice(0, -MAX.timeline).filter((entry) => isTelling(entry, names));
  const before = telling.slice(-MAX.turns);
  const shown = [...before, ...last];
  const gap = before.length > 0 && shown.length < entries.length ? ['           …'] : [];
  const total = timeline.dropped + timeline.entries.length;
  const label = `timeline, ${shown.length} of ${total} entries (all: app.timeline.print())`;
  return { [label]: [...before.map(lineOf), ...gap, ...last.map(lineOf), ...recurring] };
}

/** Separates the events that the app keeps sending by itself, such as heartbeats. */
function withoutRecurring(entries: readonly TimelineEntry[]): { others: TimelineEntry[]; recurring: string[] } {
  const times = new Map<string, number>();
  for (const name of entries.map(ownEventOf)) if (name !== undefined) times.set(name, (times.get(name) ?? 0) + 1);
  const often = new Map([...times].filter(([, count]) => count > MAX.repeats));
  return {
    others: entries.filter((entry) => !often.has(ownEventOf(entry) ?? '')),
    recurring: Array.from(often, ([name, count]) => `           and ${count} times "${name}", of the app's own accord`),
  };
}

/** The name of an event that the app sent without a known cause. */
function ownEventOf(entry: TimelineEntry): string | undefined {
  return (entry.kind === 'received' || entry.kind === 'unheard') && !entry.cause ? entry.event : undefined;
}

/** Whether an entry is a failure, or a change of the connection or the rooms of one of these clients. */
function isTelling(entry: TimelineEntry, names: readonly string[]): boolean {
  if (entry.kind === 'failed') return true;
  if (entry.kind === 'logged') return entry.level === 'error' || entry.level === 'fatal';
  return TURNS.has(entry.kind) && names.includes(clientOf(entry) ?? '');
}

const TURNS = new Set<TimelineEntry['kind']>(['connected', 'disconnected', 'refused', 'joined', 'left']);
