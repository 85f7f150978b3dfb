import { format } from '../../report/format.js';
import type { Guarantee } from '../guarantee.js';
import { evidenceOf, unheard, wasSent, type Owed } from './owed.js';

/**
 * Every member of a room gets each message, if it certainly was in the room and stayed connected from when the message
 * was sent until nothing was in flight. A message counts as sent if its ack came and was no error; if `say` returns no
 * promise and the sender stayed connected; or if another client got it. The sender itself may get it or not.
 *
 * Ask for it while clients lose their connections, but not while nodes, or what connects them, fail: Socket.IO does not
 * keep a message for a node that it cannot reach.
 */
export function everyMember(): Guarantee {
  return {
    name: 'everyMember',
    violationIn: (history) => {
      for (const owed of unheard(history)) {
        const { message, session, recovery } = owed;
        if (recovery || !isSent(owed)) continue;
        return {
          sentence: `${session.client} did not get ${format(message.said.message)}, and was connected and a member all the time`,
          entries: evidenceOf(owed),
        };
      }
      return undefined;
    },
  };
}

function isSent({ message, settled }: Owed): boolean {
  const { said, answered, connection } = message;
  if (wasSent(message)) return true;
  if (said.asksAck) return answered?.outcome === 'done';
  return connection !== undefined && (connection.disconnected?.seq ?? Infinity) > settled.seq;
}
