import { roomOf, type Answered, type Connected, type Disconnected, type Heard } from './entry.js';
import type { HistoryEntry, Moving, Said } from './entry.js';
import { Membership } from './membership.js';

/** A client's connection, from when the client has seen its beginning until it has seen its end. */
export interface HistoryConnection {
  readonly connected: Connected;
  disconnected?: Disconnected;
  /** The end of the connection that it recovered. */
  readonly lost?: Disconnected | undefined;
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

  constructor(
    readonly client: string,
    /** The namespace that it is in. */
    readonly namespace: string,
  ) {}

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

  /** What the client heard last before an entry, and first after it. */
  around(seq: number): (Heard | undefined)[] {
    return [this.heard.findLast((entry) => entry.seq < seq), this.heard.find((entry) => entry.seq > seq)];
  }

  /** Whether the client was connected at an entry. */
  isConnected(seq: number): boolean {
    return this.connections.some((one) => one.connected.seq < seq && (one.disconnected?.seq ?? Infinity) > seq);
  }

  /** Whether the client is among those that a message is for, or in the room of a request. */
  membership(entry: Said | Moving): Membership {
    if (entry.namespace !== this.namespace) return ELSEWHERE;
    if (entry.room === undefined) return EVERYBODY;
    const room = roomOf(entry);
    let membership = this.memberships.get(room);
    if (!membership) this.memberships.set(room, (membership = new Membership('out')));
    return membership;
  }
}

const EVERYBODY = new Membership('in');
const ELSEWHERE = new Membership('out');

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
  /** The latest session of each client. */
  const latest = new Map<string, Session>();
  /** The requests without an answer, and the membership that each is about. */
  const open = new Map<Moving, Membership | undefined>();

  const connectionOf = (client: string): HistoryConnection | undefined => {
    const connection = latest.get(client)?.connections.at(-1);
    return connection?.disconnected ? undefined : connection;
  };

  const readConnected = (connected: Connected): void => {
    const { client, namespace, recovered } = connected;
    const previous = latest.get(client);
    const session = previous && recovered ? previous : new Session(client, namespace);
    latest.set(client, session);
    if (session !== previous) {
      sessions.push(session);
      // The socket of a client that was away has kept its requests, and sends them now.
      for (const request of open.keys()) if (request.client === client) readRequest(request);
    }
    session.connections.push({ connected, lost: session.connections.at(-1)?.disconnected });
  };

  const readDisconnected = (disconnected: Disconnected): void => {
    const connection = connectionOf(disconnected.client);
    if (connection) connection.disconnected = disconnected;
  };

  const readRequest = (request: Moving): void => {
    const membership = latest.get(request.client)?.membership(request);
    membership?.request(request);
    open.set(request, membership);
  };

  const readAnswer = (answer: Answered): void => {
    const request = entries[answer.to];
    if (request?.kind === 'said') messages.get(request.message)!.answered = answer;
    if (request?.kind !== 'joining' && request?.kind !== 'leaving') return;
    open.get(request)?.answer(request, answer);
    open.delete(request);
  };

  for (const entry of entries) {
    if (entry.kind === 'connected') readConnected(entry);
    else if (entry.kind === 'disconnected') readDisconnected(entry);
    else if (entry.kind === 'joining' || entry.kind === 'leaving') readRequest(entry);
    else if (entry.kind === 'answered') readAnswer(entry);
    else if (entry.kind === 'said') {
      messages.set(entry.message, { said: entry, connection: connectionOf(entry.client), heard: [] });
    } else if (entry.kind === 'heard') {
      latest.get(entry.client)?.hear(entry);
      messages.get(entry.message)?.heard.push(entry);
    }
  }
  return { entries, messages, sessions };
}
