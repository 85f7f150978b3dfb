import { HistoryError } from '../report/errors.js';
import type { HistoryEntry } from './entry.js';
import { excerptOf } from './excerpt.js';
import type { Guarantee } from './guarantee.js';
import { readHistory, type RecordedHistory } from './recorded.js';

/** How much a history has: a guarantee that nothing has put to the test holds too. */
export interface HistorySummary {
  readonly clients: number;
  /** How many messages were sent. */
  readonly messages: number;
  /** How many messages arrived: one that three clients got counts three times. */
  readonly receipts: number;
  /** How many connections were lost or left. */
  readonly disconnections: number;
  /** How many connections recovered the one before. */
  readonly recoveries: number;
}

const NOTHING_HEARD = 'The history has no message that a client got, so there is nothing to check.';
const TO_HEAR =
  'Call history.record() before the clients connect, and give `hears` the event with which a message comes.';

/**
 * Checks the entries of a history against guarantees.
 *
 * @param seeds of the workloads that are part of it
 * @throws HistoryError when a guarantee does not hold, or nobody has got a message
 */
export function checkHistory(
  entries: readonly HistoryEntry[],
  guarantees: readonly Guarantee[],
  seeds: readonly number[] = [],
): HistorySummary {
  const history = readHistory(entries);
  const summary = summaryOf(history);
  if (summary.receipts === 0) throw new HistoryError(NOTHING_HEARD, [], { note: TO_HEAR });
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

function summaryOf({ entries, messages, sessions }: RecordedHistory): HistorySummary {
  const count = (kind: HistoryEntry['kind']): number => entries.filter((entry) => entry.kind === kind).length;
  return {
    clients: new Set(sessions.map(({ client }) => client)).size,
    messages: messages.size,
    receipts: count('heard'),
    disconnections: count('disconnected'),
    recoveries: sessions.reduce((sum, { connections }) => sum + connections.length - 1, 0),
  };
}
