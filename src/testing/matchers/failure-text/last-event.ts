import { errorAnswerIn } from '../../model/error-answer.js';
import { showEvent } from '../../report/format.js';
import type { Work } from '../../model/work.js';
import { sentenceOf } from '../../timeline/entry.js';
import type { TimelineEntry } from '../../timeline/entry.js';
import type { ClientAssertionContext, TestClient } from '../../client/test-client.js';

type Sent = Extract<TimelineEntry, { kind: 'sent' }>;

/**
 * Describes what the last action did on the server, or that it did nothing. The action is an event of any client, an
 * HTTP request, or a connection of one of these clients.
 */
export function lastEvent(context: ClientAssertionContext, clients: readonly TestClient[]): string | undefined {
  const entries = context.timeline.since(context.since());
  const names = new Set(clients.filter(({ connected }) => connected).map(({ name }) => name));
  const last = entries.findLast(
    (entry) =>
      entry.kind === 'sent' || entry.kind === 'requested' || (entry.kind === 'connected' && names.has(entry.client)),
  );
  if (last?.kind !== 'sent' && last?.kind !== 'requested' && last?.kind !== 'connected') return undefined;
  const effects = entries.filter(({ cause, seq }) => cause?.entry === last.seq && seq !== last.seq);
  const running = context.activity.work.filter(({ what, client }) =>
    last.kind === 'requested'
      ? what === sentenceOf(last)
      : client === last.client && what.includes(last.kind === 'sent' ? `"${last.event}"` : '.handleConnection'),
  );
  const isRunning = running.length > 0;
  const deeds = [...sentTo(effects), ...others(effects)];
  const nothing = isRunning ? 'it has sent and logged nothing so far' : 'it sent nothing and logged nothing';
  const whole = deeds.length > 0 ? deeds : [nothing];
  if (last.kind === 'connected') {
    return [sentenceOf(last), ...(isRunning ? ['handleConnection is still running'] : []), ...whole].join('; ');
  }
  if (last.kind === 'requested') {
    return [`${sentenceOf(last)} ${isRunning ? 'is not answered yet' : 'was answered'}`, ...whole].join('; ');
  }
  return [
    `${last.client}'s ${showEvent(last.event, last.args)} ${fateOf(last, effects, running, context)}`,
    ...whole,
  ].join('; ');
}

function fateOf(
  { seq, asksAck }: Sent,
  effects: readonly TimelineEntry[],
  running: readonly Work[],
  context: ClientAssertionContext,
): string {
  const handled = effects.filter(({ kind }) => kind === 'handled').map(sentenceOf);
  const refusal = context.refusalOf(seq);
  if (running.length > 0) {
    const isHeld = running.every(({ what }) => what.startsWith('socket.use '));
    return isHeld ? 'is held by a socket.use middleware, and no handler has run' : 'is still being handled';
  }
  if (refusal !== undefined) return `failed: ${refusal}`;
  if (handled.length === 0) return 'had no handler run for it';
  const isAcked = effects.some(({ kind }) => kind === 'acked');
  return `was ${handled.join(', ')}${asksAck && !isAcked ? ', without an ack' : ''}`;
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
