import { errorAnswerIn } from '../../model/error-answer.js';
import { format, showEvent } from '../../report/format.js';
import type { Kinds } from './kind.js';

interface Event {
  namespace: string;
  event: string;
  args: readonly unknown[];
}

export type EventEntry =
  /** An event from a client to the server, at the moment when the client sent it. */
  | (Event & { kind: 'sent'; client: string; asksAck: boolean })
  /** An event from the server to a client, at the moment when the client received it. */
  | (Event & { kind: 'received'; client: string; asksAck: boolean })
  /** The ack of an event. `by` is the end that received the event, `to` the `seq` of the event. */
  | (Event & { kind: 'acked'; client: string; by: 'client' | 'server'; to: number })
  /** A handler finished. `took` is in milliseconds. */
  | { kind: 'handled'; client: string; namespace: string; event: string; took: number }
  /**
   * The server emitted an event to `rooms`, and no client of this node received it. A client's own room has the
   * client's name. For the whole namespace, `rooms` is empty.
   */
  | (Event & { kind: 'unheard'; rooms: readonly string[] })
  /** Another node sent something to this one with `serverSideEmit`. */
  | (Event & { kind: 'server-side' });

export const events: Kinds<EventEntry> = {
  sent: {
    sentence: ({ client, event, args }) => `${client} → ${showEvent(event, args)}`,
    drawing: ({ event, args }) => ({ by: 'client', text: showEvent(event, args) }),
    gist: ({ event }) => showEvent(event),
  },
  received: {
    sentence: ({ client, event, args }) => `${client} ← ${showEvent(event, args)}`,
    severity: ({ event }) => (event === 'exception' ? 1 : 0),
    drawing: ({ event, args }, mark) => ({ by: 'server', text: `${mark}${showEvent(event, args)}` }),
    gist: ({ event }) => showEvent(event),
  },
  acked: {
    sentence: ({ client, by, event, args }) =>
      `${client} ${by === 'server' ? '←' : '→'} ack of "${event}" (${args.map(format).join(', ')})`,
    severity: ({ by, args }) => (by === 'server' && errorAnswerIn(args) ? 1 : 0),
    drawing: ({ by, event, args }) => ({ by, style: 'answer', text: `ack of ${showEvent(event, args)}` }),
    gist: ({ event }) => `ack of ${showEvent(event)}`,
  },
  handled: { sentence: ({ took }) => `handled in ${took.toFixed(1)} ms` },
  unheard: {
    sentence: ({ event, args, rooms, namespace }) => {
      const where = rooms.length > 0 ? `room ${rooms.map(format).join(', ')}` : `namespace ${namespace}`;
      return `${showEvent(event, args)} emitted to ${where}, where nobody got it`;
    },
    severity: () => 1,
  },
  'server-side': {
    sentence: ({ namespace, event, args }) =>
      `another node → ${showEvent(event, args)} by serverSideEmit in ${namespace}`,
  },
};
