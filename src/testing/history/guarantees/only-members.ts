import { format } from '../../report/format.js';
import type { Guarantee } from '../guarantee.js';

/**
 * Nobody but its sender gets a message of a room that it certainly was not in, from when the message was sent until it
 * arrived. A room belongs to its namespace. Between a request to join or leave and its ack, a client may be in the room or not. A disconnect ends the
 * membership, unless the next connection recovers it.
 *
 * Do not ask for it if the server puts clients into rooms without their request.
 */
export function onlyMembers(): Guarantee {
  return {
    name: 'onlyMembers',
    violationIn: ({ sessions, messages }) => {
      for (const session of sessions) {
        for (const heard of session.heard) {
          const { said } = messages.get(heard.message) ?? {};
          if (!said || said.client === session.client) continue;
          const membership = session.membership(said);
          if (!membership.isSurely('out', said.seq, heard.seq)) continue;
          const left = membership.lastChange(said.seq);
          const where =
            said.namespace === session.namespace
              ? `room ${format(said.room)}, which it ${left ? 'had left' : 'had not joined since it connected'}`
              : `namespace ${format(said.namespace)}, and is in ${format(session.namespace)}`;
          return {
            sentence: `${session.client} got ${format(said.message)} of ${where}`,
            entries: [left ?? session.connections[0]!.connected, said, ...session.around(heard.seq), heard],
          };
        }
      }
      return undefined;
    },
  };
}
