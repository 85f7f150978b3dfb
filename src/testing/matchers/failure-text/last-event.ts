import { errorAnswerIn } from '../../model/error-answer.js';
import type { Work } from '../../model/work.js';
import { showEvent } from '../../report/format.js';
import { sentenceOf, type TimelineEntry } from '../../timeline/entry.js';
import type { ClientAssertionContext, TestClient } from '../../client/test-client.js';

type Last = Extract<TimelineEntry, { kind: 'sent' | 'requested' | 'connected' }>;

/**
 * Describes what the last action did on the server, or that it did nothing. The action is an event of any client, an
 * HTTP request, or a connection of one of these clients.
 */
export function lastEvent(context: ClientAssertionContext, clients: readonly TestClient[]): string | undefined {
  const entries = context.timeline.since(context.since());
  const names = new Set(clients.filter(({ connected }) => connected).map(({ name }) => name));
  const last = entries.findLast(
    (entry): entry is Last =>
      entry.kind === 'sent' || entry.kind === 'requested' || (entry.kind === 'connected' && names.has(entry.client)),
  );
  if (!last) return undefined;
  const effects = entries.filter(({ cause, seq }) => cause?.entry === last.seq && seq !== last.seq);
  const running = context.activity.work.filter(({ what, client }) =>
    last.kind === 'requested'
      ? what === sentenceOf(last)
      : client === last.client && what.includes(last.kind === 'sent' ? `"${last.event}"` : '.handleConnection'),
  );
  const deeds = [...sentTo(effects), ...others(effects)];
  const nothing = running.length > 0 ? 'it has sent and logged nothing so far' : 'it sent nothing and logged nothing';
  return [fateOf(last, effects, running, context), ...(deeds.length > 0 ? deeds : [nothing])].join('; ');
}

function fateOf(
  last: Last,
  effects: readonly TimelineEntry[],
  running: readonly Work[],
  context: ClientAssertionContext,
): string {
  const isRunning = running.length > 0;
  if (last.kind === 'connected') return `${sentenceOf(last)}${isRunning ? '; handleConnection is still running' : ''}`;
  if (last.kind === 'requested') return `${sentenceOf(last)} ${isRunning ? 'is not answered yet' : 'was answered'}`;
  const what = `${last.client}'s ${showEvent(last.event, last.args)}`;
  if (isRunning) {
    const isHeld = running.every((work) => work.what.startsWith('socket.use '));
    return `${what} ${isHeld ? 'is held by a socket.use middleware, and no handler has run' : 'is still being handled'}`;
  }
  const refusal = context.observer.refusals.reasonOf(last.seq);
  if (refusal !== undefined) return `${what} failed: ${refusal}`;
  const handled = effects.filter(({ kind }) => kind === 'handled').map(sentenceOf);
  if (handled.length === 0) return `${what} had no handler run for it`;
  const isAcked = effects.some(({ kind }) => kind === 'acked');
  return `${what} was ${handled.join(', ')}${last.asksAck && !isAcked ? ', without an ack' : ''}`;
}

/** Sorts clients by name, because the order in which they receive an event is random. */
const byName = new Intl.Collator('en', { numeric: true });

/** The events that the server sent as an effect, and their receivers. */
function sentTo(effects: readonly TimelineEntry[]): string[] {
  const receivers = new Map<string, string[]>();
  for (const entry of effects) {
    if (entry.kind !== 'received') continue;
    receivers.set(entry.event, [...(receivers.get(entry.event) ?? []), entry.client]);
  }
  return Array.from(
    receivers,
    ([event, clients]) => `sent "${event}" to ${[...new Set(clients)].toSorted(byName.compare).join(', ')}`,
  );
}

function others(effects: readonly TimelineEntry[]): string[] {
  return effects.flatMap((entry) => {
    switch (entry.kind) {
      case 'unheard':
        return [`sent "${entry.event}" to nobody`];
      case 'joined':
      case 'left':
        return [sentenceOf(entry)];
      case 'logged':
        return [`logged ${entry.level}`];
      case 'acked':
        return [errorAnswerIn(entry.args) ? 'acked with an error' : 'acked'];
      case 'disconnected':
        return entry.end === 'server' ? [`disconnected ${entry.client}`] : [];
      default:
        return [];
    }
  });
}
