import { HistoryError } from '../report/errors.js';
import { format } from '../report/format.js';
import type { HistoryEntry } from './entry.js';
import { excerptOf } from './excerpt.js';
import type { Guarantee } from './guarantee.js';
import { readHistory, type RecordedHistory } from './recorded.js';

/** How much a history has: a guarantee that nothing has put to the test holds too. */
export interface HistorySummary {
  readonly clients: number;
  /** How many messages were sent. */
  readonly messages: number;
  /** How many messages arrived that were said: one that three clients got counts three times. */
  readonly receipts: number;
  /** How many connections were lost or left. */
  readonly disconnections: number;
  /** How many connections recovered the one before. */
  readonly recoveries: number;
}

const TO_HEAR =
  'Call history.record() before the clients connect, and give `hears` the event with which a message comes.';
const TO_FIND = 'Let `messageOf` return the message as it was given to `say`.';

/**
 * Checks the entries of a history against guarantees.
 *
 * @param seeds of the workloads that are part of it
 * @throws HistoryError when a guarantee does not hold, or nobody has got a message that was said
 */
export function checkHistory(
  entries: readonly HistoryEntry[],
  guarantees: readonly Guarantee[],
  seeds: readonly number[] = [],
): HistorySummary {
  const history = readHistory(entries);
  const summary = summaryOf(history);
  if (summary.receipts === 0) throw nothingToCheck(history);
  const violations = guarantees.flatMap((guarantee) => {
    const violation = guarantee.violationIn(history);
    return violation ? [{ ...violation, name: guarantee.name }] : [];
  });
  const [first, ...others] = violations;
  if (!first) return summary;
  throw new HistoryError(
    `${first.name} does not hold: ${first.sentence}.`,
    violations.map(({ name }) => name),
    {
      history: excerptOf(first.entries, entries),
      'does not hold either': others.map(({ name, sentence }) => `${name}: ${sentence}`),
      'seed of the workload': seeds.length > 0 ? seeds.join(', ') : undefined,
    },
  );
}

function nothingToCheck({ entries, messages }: RecordedHistory): HistoryError {
  const heard = entries.filter((entry) => entry.kind === 'heard');
  const [first] = heard;
  if (!first)
    return new HistoryError('The history has no message that a client got, so there is nothing to check.', [], {
      note: TO_HEAR,
    });
  const [said] = messages.keys();
  return new HistoryError(
    `Clients got ${heard.length} messages, and nobody had said any of them, so there is nothing to check.`,
    [],
    {
      'got, among others': format(first.message),
      'said, among others': said === undefined ? 'nothing' : format(said),
      note: TO_FIND,
    },
  );
}

function summaryOf({ entries, messages, sessions }: RecordedHistory): HistorySummary {
  const count = (kind: HistoryEntry['kind']): number => entries.filter((entry) => entry.kind === kind).length;
  return {
    clients: new Set(sessions.map(({ client }) => client)).size,
    messages: messages.size,
    receipts: [...messages.values()].reduce((sum, { heard }) => sum + heard.length, 0),
    disconnections: count('disconnected'),
    recoveries: sessions.reduce((sum, { connections }) => sum + connections.length - 1, 0),
  };
}
