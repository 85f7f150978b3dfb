import type { Socket } from 'socket.io-client';
import { namespaceOf } from '../socket-io/client-internals.js';
import { now } from '../timing/real-time.js';
import type { HistoryEntry } from './entry.js';

/** An entry without its place and time, which the record adds. */
type Happened<Entry = HistoryEntry> = Entry extends HistoryEntry ? Omit<Entry, 'seq' | 'at'> : never;

/** What a client is called in a history, and where it was opened. */
export interface Known {
  readonly client: string;
  readonly namespace: string;
  readonly node?: number;
}

/** The entries of a history, and the clients and messages that they are about. */
export class HistoryRecord {
  readonly entries: HistoryEntry[] = [];
  /** What has been said. */
  readonly messages = new Set<string>();
  private readonly names = new Set<string>();
  private readonly clients = new WeakMap<object, Known>();
  private began = 0;

  /** @returns the `seq` of the entry */
  add(entry: Happened): number {
    const seq = this.entries.length;
    if (seq === 0) this.began = now();
    this.entries.push({ ...entry, seq, at: now() - this.began });
    return seq;
  }

  /** Makes a client known by a name that no other client of the history has: one that has left may have had its name. */
  introduce(socket: Socket, name: string, node?: number): Known {
    let client = name;
    for (let number = 2; this.names.has(client); number += 1) client = `${name} (${number})`;
    this.names.add(client);
    const known = { client, namespace: namespaceOf(socket), ...(node !== undefined && { node }) };
    this.clients.set(socket, known);
    return known;
  }

  /** @throws TypeError for a client that is not part of the history */
  knownAs({ socket, name }: { readonly socket: object; readonly name: string }): Known {
    const known = this.clients.get(socket);
    if (known) return known;
    throw new TypeError(`The history does not know ${name}. Call history.record() before the client connects.`);
  }

  forget(): void {
    this.entries.length = 0;
    this.messages.clear();
    this.names.clear();
  }
}
