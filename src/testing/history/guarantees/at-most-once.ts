import { format } from '../../report/format.js';
import type { Guarantee } from '../guarantee.js';

/**
 * No client gets a message twice on one connection, nor on the connections that recovered it. A client that connects
 * anew may get a message again, for example from a node that is behind the others.
 */
export function atMostOnce(): Guarantee {
  return {
    name: 'atMostOnce',
    violationIn: ({ sessions, messages }) => {
      for (const session of sessions) {
        // What nobody said are notices of the server, which may well be alike.
        const again = session.heard.find(
          (entry) => messages.has(entry.message) && session.firstHeard(entry.message) !== entry,
        );
        if (!again) continue;
        const { client, message } = again;
        const absences = session.connections.slice(1).map(({ connected }) => connected);
        const first = session.firstHeard(message)!;
        return {
          sentence: `${client} got ${format(message)} twice`,
          entries: [
            messages.get(message)?.said,
            first,
            ...absences.filter(({ seq }) => seq > first.seq && seq < again.seq),
            ...session.around(again.seq),
            again,
          ],
        };
      }
      return undefined;
    },
  };
}
