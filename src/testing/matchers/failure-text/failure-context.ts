import type { ClientAssertionContext, TestClient } from '../../client/test-client.js';
import { showBecause, showEvent, showServerError, showWorks, type Details } from '../../report/format.js';
import { setTimeout } from '../../timing/real-time.js';
import { isRoutine } from '../../timeline/routine.js';
import { clientOf, lineOf } from '../../timeline/text.js';
import type { TimelineEntry } from '../../timeline/entry.js';
import { lastEvent } from './last-event.js';
import { withNames } from '../names.js';

/** How much of each thing is told. */
const MAX = { errors: 3, turns: 8, timeline: 15, repeats: 8 };

/**
 * All that may explain why something is not as was expected, in the order in which a reader wants it.
 *
 * @param clients those that it is about
 * @param instead what there is in the place of what was expected; what it tells is not told again
 * @param contradicts whether that by itself is what should not be
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

/** Whether what should not have come says itself that it is none of the last event's doing. */
function isCausedByAnother(told: string, last = ''): boolean {
  const causes = [...told.matchAll(/, caused by (.+'s (?:"[^"]*"|connection|disconnect))/g)];
  return causes.length > 0 && !causes.some(([, cause]) => last.startsWith(cause!));
}

/** Why a client is not there, as each end says it. */
export function whyGone(client: TestClient): string[] {
  if (client.connected) return [];
  const { disconnectReason: reason, serverDisconnectReason: asServerSays } = client;
  if (reason === undefined) return [`${client.name} never was connected`];
  const because = showBecause(client.link.serverEnd?.disconnectCause);
  const atServer = asServerSays === undefined ? '' : ` (the server says: ${asServerSays})${because}`;
  return [`${client.name} is gone: ${reason}${atServer}`];
}

/** Of those that failed, or were dealt with before the last event, there are other news. */
function waitingForAcks({ name, pendingAcks }: TestClient, context: ClientAssertionContext): string[] {
  const entries = context.timeline.since(context.since());
  const last = entries.findLast(({ kind }) => kind === 'sent')?.seq;
  const isOver = (sent: number): boolean =>
    sent !== last && entries.some(({ kind, cause }) => kind === 'handled' && cause?.entry === sent);
  const waiting = pendingAcks.filter(({ entry }) => context.refusalOf(entry) === undefined && !isOver(entry));
  return waiting.map(({ event, args }) => `${name}'s ${showEvent(event, args)}`);
}

function whetherFaked(): string[] {
  const isFaked = globalThis.setTimeout !== setTimeout;
  return isFaked ? ['setTimeout is faked: what the app does by timers waits until the test lets time pass'] : [];
}

/** The last entries, and before these whatever went wrong and whatever became of the clients in question. */
function lastOfTimeline({ timeline, since }: ClientAssertionContext, clients: readonly TestClient[]): Details {
  const names = clients.map(({ name }) => name);
  const all = timeline.since(since()).filter((entry) => entry.kind !== 'stated' && !isRoutine(entry));
  const { others: entries, recurring } = withoutRecurring(all);
  const last = entries.slice(-MAX.timeline);
  const before = entries
    .slice(0, -MAX.timeline)
    .filter((entry) => isTelling(entry, names))
    .slice(-MAX.turns);
  const shown = [...before, ...last];
  const gap = before.length > 0 && shown.length < entries.length ? ['           …'] : [];
  const total = timeline.dropped + timeline.entries.length;
  const label = `timeline, ${shown.length} of ${total} entries (all: app.timeline.print())`;
  return { [label]: [...before.map(lineOf), ...gap, ...last.map(lineOf), ...recurring] };
}

/** Takes out what the app sends again and again by itself, as heartbeats are. */
function withoutRecurring(entries: readonly TimelineEntry[]): { others: TimelineEntry[]; recurring: string[] } {
  const times = new Map<string, number>();
  for (const name of entries.map(ownEventOf)) if (name !== undefined) times.set(name, (times.get(name) ?? 0) + 1);
  const often = new Map([...times].filter(([, count]) => count > MAX.repeats));
  return {
    others: entries.filter((entry) => !often.has(ownEventOf(entry) ?? '')),
    recurring: Array.from(often, ([name, count]) => `           and ${count} times "${name}", of the app's own accord`),
  };
}

/** What the app has sent with nobody having asked for it. */
function ownEventOf(entry: TimelineEntry): string | undefined {
  return (entry.kind === 'received' || entry.kind === 'unheard') && !entry.cause ? entry.event : undefined;
}

/** Whether it says what became of a client in question, or that something failed. */
function isTelling(entry: TimelineEntry, names: readonly string[]): boolean {
  if (entry.kind === 'failed') return true;
  if (entry.kind === 'logged') return entry.level === 'error' || entry.level === 'fatal';
  return TURNS.has(entry.kind) && names.includes(clientOf(entry) ?? '');
}

const TURNS = new Set<TimelineEntry['kind']>(['connected', 'disconnected', 'refused', 'joined', 'left']);
