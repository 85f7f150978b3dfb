import { errorAnswerIn } from '../error-answer.js';
import { showEvent } from '../show.js';
import { sentenceOf } from '../timeline/text.js';
import type { TimelineEntry } from '../timeline/entry.js';
import type { Stage } from './stage.js';

/** What the event that a client sent last has done on the server, and that it did nothing where it did not. */
export function lastEvent({ timeline, since, activity }: Stage): string | undefined {
  const entries = timeline.since(since());
  const sent = entries.findLast(({ kind }) => kind === 'sent');
  if (sent?.kind !== 'sent') return undefined;
  const effects = entries.filter(({ cause, seq }) => cause?.entry === sent.seq && seq !== sent.seq);
  const isRunning = activity.work.some(
    ({ what, client }) => client === sent.client && what.includes(`"${sent.event}"`),
  );
  const whose = `${sent.client}'s ${showEvent(sent.event, sent.args)}`;
  const handled = effects.filter(({ kind }) => kind === 'handled').map(sentenceOf);
  const fate = isRunning
    ? 'is still being handled'
    : handled.length > 0
      ? `was ${handled.join(', ')}`
      : 'had no handler run for it';
  const deeds = [...sentTo(effects), ...others(effects)];
  const nothing = isRunning ? 'it has sent and logged nothing so far' : 'it sent nothing and logged nothing';
  return `${whose} ${[fate, ...(deeds.length > 0 ? deeds : [nothing])].join('; ')}`;
}

/** The events that it made the server send, and to whom. */
function sentTo(effects: readonly TimelineEntry[]): string[] {
  const receivers = new Map<string, string[]>();
  for (const entry of effects) {
    if (entry.kind !== 'received') continue;
    receivers.set(entry.event, [...(receivers.get(entry.event) ?? []), entry.client]);
  }
  return Array.from(receivers, ([event, clients]) => `sent "${event}" to ${[...new Set(clients)].join(', ')}`);
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
