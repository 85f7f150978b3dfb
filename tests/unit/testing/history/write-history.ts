import type { Answered, HistoryEntry } from '../../../../src/testing/history/entry.js';

/** An entry without its place, its time and the namespace of its client. */
type Happened<Entry = HistoryEntry> = Entry extends HistoryEntry ? Omit<Entry, 'seq' | 'at' | 'namespace'> : never;

/** Writes a history by hand. Each method returns the entry that it added. */
export class Writing {
  readonly entries: HistoryEntry[] = [];
  /** The conversation of what is said, joined and left from now on. */
  conversation = 0;
  private readonly namespaces = new Map<string, string>();

  connect(client: string, recovered = false, namespace = this.namespaceOf(client)): HistoryEntry {
    this.namespaces.set(client, namespace);
    return this.add({ kind: 'connected', client, recovered });
  }

  disconnect(client: string): HistoryEntry {
    return this.add({ kind: 'disconnected', client, reason: 'transport close' });
  }

  say(client: string, message: string, room = 'lobby', asksAck = false): HistoryEntry {
    return this.add({ kind: 'said', client, conversation: this.conversation, room, message, asksAck });
  }

  shout(client: string, message: string): HistoryEntry {
    return this.add({ kind: 'said', client, conversation: this.conversation, message, asksAck: false });
  }

  hear(client: string, message: string): HistoryEntry {
    return this.add({ kind: 'heard', client, message });
  }

  ask(kind: 'joining' | 'leaving', client: string, room = 'lobby'): HistoryEntry {
    return this.add({ kind, client, conversation: this.conversation, room });
  }

  answer(to: HistoryEntry, outcome: Answered['outcome'] = 'done'): HistoryEntry {
    return this.add({ kind: 'answered', client: 'client' in to ? to.client : '', to: to.seq, outcome });
  }

  join(client: string, room?: string): void {
    this.answer(this.ask('joining', client, room));
  }

  leave(client: string, room?: string): void {
    this.answer(this.ask('leaving', client, room));
  }

  /** @param since what was said before it has arrived */
  settle(since = this.entries.length): HistoryEntry {
    return this.add({ kind: 'settled', since });
  }

  private add(entry: Happened): HistoryEntry {
    const seq = this.entries.length;
    const placed = { ...entry, seq, at: seq };
    const added = 'client' in placed ? { ...placed, namespace: this.namespaceOf(placed.client) } : placed;
    this.entries.push(added);
    return added;
  }

  private namespaceOf(client: string): string {
    return this.namespaces.get(client) ?? '/';
  }
}

/** A history in which these clients are connected and in the lobby. */
export function inTheLobby(...clients: readonly string[]): Writing {
  const writing = new Writing();
  for (const client of clients) {
    writing.connect(client);
    writing.join(client);
  }
  return writing;
}
