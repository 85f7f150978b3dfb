import type { HistoryEntry, Settled } from '../entry.js';
import type { HistoryConnection, Message, RecordedHistory, Session } from '../recorded.js';

/** A message that a client certainly was a member for, from when it was sent until nothing was in flight any more. */
export interface Owed {
  readonly message: Message;
  readonly session: Session;
  /** The first time after the message at which nothing was in flight. */
  readonly settled: Settled;
  /** The client's connections that recovered it meanwhile. If there are none, it was connected all the time. */
  readonly recoveries: readonly HistoryConnection[];
}

/** Finds messages that members did not get. Before the first `settled` after a message, it may be on its way. */
export function* unheard({ messages, sessions, entries }: RecordedHistory): Generator<Owed> {
  const times = entries.filter((entry) => entry.kind === 'settled');
  let next = 0;
  for (const message of messages.values()) {
    const { said } = message;
    while (times[next] && times[next]!.seq < said.seq) next += 1;
    const settled = times[next];
    if (!settled) return;
    for (const session of sessions) {
      if (session.start > said.seq || session.client === said.client || session.firstHeard(said.message)) continue;
      if (!session.connections.some(({ connected, end }) => connected.seq < settled.seq && end > settled.seq)) continue;
      if (!session.membership(said.room).isSurely('in', said.seq, settled.seq)) continue;
      const recoveries = session.connections.filter(({ connected: { seq } }) => seq > said.seq && seq < settled.seq);
      yield { message, session, settled, recoveries };
    }
  }
}

/** Somebody other than the sender, which an app may answer directly, has got it: so the server did send it. */
export function wasSent({ said, heard }: Message): boolean {
  return heard.some(({ client }) => client !== said.client);
}

/** The entries that show that a client was owed a message. */
export function evidenceOf(
  { message, session, settled, recoveries }: Owed,
  entries: readonly HistoryEntry[],
): HistoryEntry[] {
  const { said, heard } = message;
  const joined = session.membership(said.room).lastChange(said.seq);
  const away = recoveries.flatMap(({ connected }) => {
    const before = session.connections[session.connections.findIndex((one) => one.connected === connected) - 1]!;
    return [entries[before.end]!, connected];
  });
  const other = heard.find(({ client }) => client !== said.client);
  const before = session.heard.findLast(({ seq }) => seq < said.seq);
  const after = session.heard.find(({ seq }) => seq > said.seq);
  const shown = [
    joined === undefined ? session.connections[0]!.connected : entries[joined],
    said,
    other,
    message.answered,
  ];
  return [...shown, before, after, ...away, settled].filter((entry) => entry !== undefined);
}
