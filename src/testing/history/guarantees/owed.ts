import type { HistoryEntry, Settled } from '../entry.js';
import type { HistoryConnection, Message, RecordedHistory, Session } from '../recorded.js';

/** A message that a member did not get, although it was one from when it was sent until nothing was in flight. */
export interface Owed {
  readonly message: Message;
  readonly session: Session;
  /** The first time after the message at which nothing was in flight. */
  readonly settled: Settled;
  /** The connection with which the member first recovered meanwhile; `undefined` if it was connected all the time. */
  readonly recovery: HistoryConnection | undefined;
}

/** Finds the messages that members did not get. The sender may get its own or not. */
export function* unheard({ messages, sessions, entries }: RecordedHistory): Generator<Owed> {
  const times = entries.filter((entry) => entry.kind === 'settled');
  let next = 0;
  for (const message of messages.values()) {
    const { said } = message;
    while (times[next] && times[next]!.since <= said.seq) next += 1;
    const settled = times[next];
    // It may be on its way.
    if (!settled) return;
    for (const session of sessions) {
      if (session.start > said.seq || session.client === said.client || session.firstHeard(said.message)) continue;
      if (!session.isConnected(settled.seq)) continue;
      if (!session.membership(said).isSurely('in', said.seq, settled.seq)) continue;
      const recovery = session.connections.find(({ connected: { seq } }) => seq > said.seq && seq < settled.seq);
      yield { message, session, settled, recovery };
    }
  }
}

/** Whether a client other than the sender has got it, so that the server did send it to the room. */
export function wasSent({ said, heard }: Message): boolean {
  return heard.some(({ client }) => client !== said.client);
}

/** The entries that show that a member did not get a message. */
export function evidenceOf({ message, session, settled, recovery }: Owed): (HistoryEntry | undefined)[] {
  const { said, answered, heard } = message;
  return [
    session.membership(said).lastChange(said.seq) ?? session.connections[0]!.connected,
    said,
    answered,
    heard.find(({ client }) => client !== said.client),
    ...session.around(said.seq),
    recovery?.lost,
    recovery?.connected,
    settled,
  ];
}
