import type { Answered, Connected, Heard, HistoryEntry, Moving, Said } from './entry.js';
import { Membership } from './membership.js';

/** From a `connected` entry until the client has seen its end. */
export interface HistoryConnection {
  readonly connected: Connected;
  /** The `seq` of the `disconnected` entry, or Infinity. */
  end: number;
}

/** A message, who said it, and who heard it. */
export interface Message {
  readonly said: Said;
  /** The sender's connection; `undefined` if it was away and its socket kept the message for later. */
  readonly connection: HistoryConnection | undefined;
  answered?: Answered;
  readonly heard: Heard[];
}

/** A client's connection and the connections that recovered it: for Socket.IO they are one. */
export class Session {
  readonly connections: HistoryConnection[] = [];
  /** The messages that the client heard, in order. */
  readonly heard: Heard[] = [];
  private readonly first = new Map<string, Heard>();
  private readonly memberships = new Map<string, Membership>();

  constructor(readonly client: string) {}

  get start(): number {
    return this.connections[0]!.connected.seq;
  }

  hear(entry: Heard): void {
    this.heard.push(entry);
    if (!this.first.has(entry.message)) this.first.set(entry.message, entry);
  }

  /** When the client first heard a message, if it did. */
  firstHeard(message: string): Heard | undefined {
    return this.first.get(message);
  }

  /** Every client is in the room `undefined` while it is connected. */
  membership(room: string | undefined): Membership {
    if (room === undefined) return EVERYBODY;
    let membership = this.memberships.get(room);
    if (!membership) this.memberships.set(room, (membership = new Membership('out')));
    return membership;
  }
}

const EVERYBODY = new Membership('in');

/** A history, ordered by what happened to each message and to each client. */
export interface RecordedHistory {
  readonly entries: readonly HistoryEntry[];
  /** By the message itself. */
  readonly messages: ReadonlyMap<string, Message>;
  readonly sessions: readonly Session[];
}

/** Reads the entries of a history. Nothing is known of a client before its first `connected`. */
export function readHistory(entries: readonly HistoryEntry[]): RecordedHistory {
  const messages = new Map<string, Message>();
  const sessions: Session[] = [];
  const latest = new Map<string, Session>();
  const requests = new Map<number, { request: Moving; membership: Membership }>();
  const openConnection = (client: string): HistoryConnection | undefined => {
    const connection = latest.get(client)?.connections.at(-1);
    return connection?.end === Infinity ? connection : undefined;
  };

  const readConnected = (entry: Connected): void => {
    let session = latest.get(entry.client);
    if (!session || !entry.recovered) {
      session = new Session(entry.client);
      sessions.push(session);
      latest.set(entry.client, session);
    }
    session.connections.push({ connected: entry, end: Infinity });
  };
  const readAnswered = (entry: Answered): void => {
    const asked = entries[entry.to];
    if (asked?.kind === 'said') messages.get(asked.message)!.answered = entry;
    const moving = requests.get(entry.to);
    if (moving && entry.ok) moving.membership.acknowledge(moving.request.kind, entry.seq);
  };
  const readHeard = (entry: Heard): void => {
    latest.get(entry.client)?.hear(entry);
    messages.get(entry.message)?.heard.push(entry);
  };

  for (const entry of entries) {
    if (entry.kind === 'connected') readConnected(entry);
    else if (entry.kind === 'disconnected') {
      const connection = openConnection(entry.client);
      if (connection) connection.end = entry.seq;
    } else if (entry.kind === 'said') {
      messages.set(entry.message, { said: entry, connection: openConnection(entry.client), heard: [] });
    } else if (entry.kind === 'joining' || entry.kind === 'leaving') {
      const membership = latest.get(entry.client)?.membership(entry.room);
      if (membership) requests.set(entry.seq, { request: entry, membership });
      membership?.request(entry.kind, entry.seq);
    } else if (entry.kind === 'answered') readAnswered(entry);
    else if (entry.kind === 'heard') readHeard(entry);
  }
  return { entries, messages, sessions };
}
