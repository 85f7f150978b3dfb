import { errorAnswerIn } from '../model/error-answer.js';
import type { TimelineEntry } from './entry.js';

/** What is surely wrong; what is less grave may be what the test is about. */
export const SURELY_WRONG = 2;

/** How surely an entry tells of a failure, 0 being not at all. */
export function severityOf(entry: TimelineEntry): number {
  switch (entry.kind) {
    case 'stated':
      return entry.holds ? 0 : 4;
    case 'failed':
      return 3;
    case 'logged':
      return entry.level === 'error' || entry.level === 'fatal' ? SURELY_WRONG : 0;
    case 'refused':
    case 'unheard':
      return 1;
    case 'received':
      return entry.event === 'exception' ? 1 : 0;
    case 'acked':
      return entry.by === 'server' && errorAnswerIn(entry.args) ? 1 : 0;
    default:
      return 0;
  }
}
