import { format } from '../report/format.js';

/** What every entry about a client has. */
interface OfClient {
  /** Its position in the history. */
  readonly seq: number;
  /** In milliseconds since the history began. */
  readonly at: number;
  /** The client's name, which no other client of the history has. */
  readonly client: string;
  /** The namespace that the client is in. */
  readonly namespace: string;
  /** The node that the client was opened on, in a cluster. */
  readonly node?: number;
}

/** What every entry about a room has. */
interface OfRoom extends OfClient {
  /** A number, which conversations with the same `join` share: they have the same rooms. */
  readonly conversation: number;
  readonly room: string;
}

/** `recovered` is what the client's socket says of its connection. */
export type Connected = OfClient & { readonly kind: 'connected'; readonly recovered: boolean };
export type Disconnected = OfClient & { readonly kind: 'disconnected'; readonly reason: string };
/** A client has sent a message. Without `room` it is for every client that is connected to its namespace. */
export type Said = Omit<OfRoom, 'room'> & {
  readonly kind: 'said';
  readonly message: string;
  readonly room?: string;
  /** Whether an `answered` entry will say whether the app has accepted it. */
  readonly asksAck: boolean;
};
/** A client has asked to join or leave a room. */
export type Moving = OfRoom & { readonly kind: 'joining' | 'leaving' };
/** What came of a request or a message. `to` is the `seq` of its entry. */
export type Answered = OfClient & {
  readonly kind: 'answered';
  readonly to: number;
  /** `refused` by an error answer; `given up` if the client waits no longer, and the app may still do it. */
  readonly outcome: 'done' | 'refused' | 'given up';
};
/** A client has received a message. */
export type Heard = OfClient & { readonly kind: 'heard'; readonly message: string };
/** Nothing was in flight: what had been said before has arrived, or never will. */
export interface Settled {
  readonly kind: 'settled';
  readonly seq: number;
  readonly at: number;
  /** The `seq` of the first entry that came too late for that: what is said during `settle()` may be in flight after it. */
  readonly since: number;
}

/** Something that a client has done or seen, at the moment when the client did or saw it. */
export type HistoryEntry = Connected | Disconnected | Said | Moving | Answered | Heard | Settled;

/** The room of an entry, by a name that rooms of other conversations do not have. */
export function roomOf({ conversation, room }: Said | Moving): string {
  return `${conversation}:${room}`;
}

/** One entry as one line: `  12.3 ms  node 0  alice → says 'alice#7' in 'lobby'`. */
export function lineOf(entry: HistoryEntry, entries: readonly HistoryEntry[]): string {
  const node = 'node' in entry && entry.node !== undefined ? `node ${entry.node}  ` : '';
  return `${entry.at.toFixed(1).padStart(8)} ms  ${node}${sentenceOf(entry, entries)}`;
}

function sentenceOf(entry: HistoryEntry, entries: readonly HistoryEntry[]): string {
  switch (entry.kind) {
    case 'connected':
      return `${entry.client} connected${entry.recovered ? ' again, recovered' : ''}`;
    case 'disconnected':
      return `${entry.client} disconnected: ${entry.reason}`;
    case 'said':
      return `${entry.client} → says ${format(entry.message)}${entry.room === undefined ? '' : ` in ${format(entry.room)}`}`;
    case 'joining':
      return `${entry.client} → joins ${format(entry.room)}`;
    case 'leaving':
      return `${entry.client} → leaves ${format(entry.room)}`;
    case 'answered':
      return `${entry.client} ← ${ANSWER[entry.outcome]} ${requestOf(entries[entry.to])}`;
    case 'heard':
      return `${entry.client} ← ${format(entry.message)}`;
    default:
      return 'nothing is in flight';
  }
}

const ANSWER: Record<Answered['outcome'], string> = { done: 'ack of', refused: 'error for', 'given up': 'no ack of' };

/** How an answer names what it answers. */
function requestOf(entry: HistoryEntry | undefined): string {
  if (entry?.kind === 'said') return format(entry.message);
  return entry?.kind === 'joining' || entry?.kind === 'leaving' ? `${entry.kind} ${format(entry.room)}` : 'a request';
}
