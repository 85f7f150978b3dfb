import { format } from '../../report/format.js';
import { roomOf } from '../entry.js';
import type { Guarantee, Violation } from '../guarantee.js';
import type { Message, RecordedHistory, Session } from '../recorded.js';

/**
 * A client gets the messages of one sender in one room in the order in which they were sent. It compares the messages
 * that the sender sent on one connection, and the client got on one connection and those that recovered it: beyond
 * that, Socket.IO keeps no order.
 */
export function orderPerSender(): Guarantee {
  return {
    name: 'orderPerSender',
    violationIn: (history) => {
      for (const session of history.sessions) {
        const violation = disorderIn(session, history);
        if (violation) return violation;
      }
      return undefined;
    },
  };
}

function disorderIn(session: Session, { messages }: RecordedHistory): Violation | undefined {
  /** The newest message so far, by the sender's connection and by room. */
  const newest = new Map<unknown, Map<string, Message>>();
  for (const heard of session.heard) {
    const message = messages.get(heard.message);
    // A message that comes again is a matter of `atMostOnce`.
    if (!message?.connection || session.firstHeard(heard.message) !== heard) continue;
    const byRoom = newest.get(message.connection) ?? new Map<string, Message>();
    newest.set(message.connection, byRoom);
    const { said } = message;
    const room = roomOf(said);
    const later = byRoom.get(room);
    if (later === undefined || later.said.seq < said.seq) {
      byRoom.set(room, message);
      continue;
    }
    return {
      sentence:
        `${session.client} got ${format(said.message)} after ${format(later.said.message)}, ` +
        `and ${said.client} had sent it before`,
      entries: [said, later.said, session.firstHeard(later.said.message), ...session.around(heard.seq), heard],
    };
  }
  return undefined;
}
