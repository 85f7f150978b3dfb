import { format } from '../../report/format.js';
import type { Guarantee } from '../guarantee.js';
import { evidenceOf, unheard, wasSent } from './owed.js';

/**
 * A client whose connection says `recovered: true` misses nothing: of the rooms that it certainly was in, it gets every
 * message that was sent before it came back and that another client got. A connection that says `recovered: false` may
 * miss messages.
 *
 * Socket.IO keeps no volatile messages and none that ask for an ack: do not ask for it if messages are sent like that.
 */
export function wholeRecovery(): Guarantee {
  return {
    name: 'wholeRecovery',
    violationIn: (history) => {
      for (const owed of unheard(history)) {
        const { message, session, recovery } = owed;
        if (!recovery || !wasSent(message)) continue;
        return {
          sentence: `${session.client} recovered its connection, but did not get ${format(message.said.message)}`,
          entries: evidenceOf(owed),
        };
      }
      return undefined;
    },
  };
}
