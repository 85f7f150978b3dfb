import type { Socket } from 'socket.io-client';
import type { TestClient } from '../client/test-client.js';
import type { Witness, WitnessFor } from '../client/witness.js';
import { errorAnswerIn } from '../model/error-answer.js';
import { format } from '../report/format.js';
import { now } from '../timing/real-time.js';
import { checkHistory, type HistorySummary } from './check.js';
import { findMessage, type Conversation } from './conversation.js';
import type { HistoryEntry } from './entry.js';
import type { Guarantee } from './guarantee.js';

/** An entry without its place and time, which the history adds. */
type Happened<Entry = HistoryEntry> = Entry extends HistoryEntry ? Omit<Entry, 'seq' | 'at'> : never;

/** What a client is called in the history, and where it was opened. */
interface Known {
  readonly client: string;
  readonly node?: number;
}

/**
 * What the clients of a test have said and heard, and when they were connected, as they saw it themselves. `record`
 * begins it, `check` compares it with guarantees.
 */
export class History<Client extends Pick<TestClient, 'name'> & { readonly socket: object } = TestClient> {
  private readonly recorded: HistoryEntry[] = [];
  private readonly conversations: Conversation<Client>[] = [];
  private readonly known = new WeakMap<object, Known>();
  private readonly names = new Set<string>();
  private readonly messages = new Set<string>();
  private began = 0;
  /** @internal The workloads that are running. */
  readonly running = new Set<{ stop(reason: Error): Promise<void> }>();
  /** @internal The seeds of the workloads. */
  readonly seeds: number[] = [];

  /** @internal @param settle waits until nothing is in flight, and then calls `settled` */
  constructor(private readonly settle: () => Promise<void>) {}

  /** The entries so far, in order. */
  get entries(): readonly HistoryEntry[] {
    return this.recorded;
  }

  /**
   * Begins to record the clients that connect from now on.
   *
   * @param conversation how the clients talk
   * @returns the same functions; the history has what is done with them
   */
  record<Talk extends Conversation<Client>>(conversation: Talk): Talk {
    if (!this.isRecording) this.began = now();
    this.conversations.push(conversation);
    const { say, join, leave } = conversation;
    return {
      ...conversation,
      say: this.recordingSay(say, join !== undefined),
      ...(join && { join: this.recordingMove('joining', join) }),
      ...(leave && { leave: this.recordingMove('leaving', leave) }),
    };
  }

  /**
   * Waits until nothing is in flight, and checks that each guarantee holds.
   *
   * @returns how much there was to check
   * @throws HistoryError when a guarantee does not hold, or nobody has got a message
   * @throws SettleTimeoutError when something stays in flight
   */
  async check(...guarantees: readonly Guarantee[]): Promise<HistorySummary> {
    if (guarantees.length === 0)
      throw new TypeError('Expected guarantees to check the history against: check(atMostOnce(), onlyMembers()).');
    if (this.running.size > 0)
      throw new Error('A workload is still running. Await its `done` before you check the history.');
    await this.settle();
    return checkHistory(this.recorded, guarantees, this.seeds);
  }

  /** @internal Records that nothing is in flight. */
  settled(): void {
    if (this.isRecording) this.add({ kind: 'settled' });
  }

  /** @internal Forgets everything, for the next test. */
  forget(): void {
    for (const list of [this.recorded, this.conversations, this.seeds]) list.length = 0;
    for (const set of [this.names, this.messages]) set.clear();
  }

  /** @internal Ends the workloads that are running. */
  async end(): Promise<void> {
    const reason = new Error('The test ended while the workload was running. Await its `done`.');
    await Promise.all(Array.from(this.running, (workload) => workload.stop(reason)));
  }

  /** @internal @param node the node that the clients are opened on, in a cluster */
  witnessFor(node?: number): WitnessFor {
    return (socket, name) => {
      // Of a client that is connected already, nobody knows which rooms it is in.
      if (!this.isRecording || socket.connected) return undefined;
      return this.witness(socket, this.know(socket, name, node));
    };
  }

  private get isRecording(): boolean {
    return this.conversations.length > 0;
  }

  private know(socket: object, name: string, node: number | undefined): Known {
    let client = name;
    // A new client may have the name of one that has left.
    for (let number = 2; this.names.has(client); number += 1) client = `${name} (${number})`;
    this.names.add(client);
    const known = node === undefined ? { client } : { client, node };
    this.known.set(socket, known);
    return known;
  }

  private witness(socket: Socket, known: Known): Witness {
    let isConnected = false;
    const connected = (): void => {
      if (isConnected) return;
      isConnected = true;
      // oxlint-disable-next-line typescript/no-useless-default-assignment -- undefined on a first connection
      const { recovered = false } = socket;
      this.add({ kind: 'connected', ...known, recovered });
    };
    return {
      connected,
      disconnected: (reason) => {
        isConnected = false;
        this.add({ kind: 'disconnected', ...known, reason });
      },
      received: (event, args) => {
        // Socket.IO emits the events that a client has missed before it emits `connect`.
        connected();
        const message = this.messageIn(event, args);
        if (message !== undefined) this.add({ kind: 'heard', ...known, message });
      },
    };
  }

  private messageIn(event: string, args: readonly unknown[]): string | undefined {
    const isMessage = (text: string): boolean => this.messages.has(text);
    for (const { hears, messageOf } of this.conversations) {
      if (hears !== event) continue;
      const message = messageOf ? messageOf(...args) : findMessage(args, isMessage);
      if (message !== undefined) return message;
    }
    return undefined;
  }

  private recordingSay(say: Conversation<Client>['say'], hasRooms: boolean): Conversation<Client>['say'] {
    return (client, room, message) => {
      if (this.messages.has(message))
        throw new TypeError(`${format(message)} was said before. Each message of a history is different.`);
      const known = this.knownAs(client);
      this.messages.add(message);
      // If it throws, the client has not sent it. Until it returns, nobody can have got it.
      const result = say(client, room, message);
      const asksAck = isPromise(result);
      const seq = this.add({ kind: 'said', ...known, message, ...(hasRooms && { room }), asksAck });
      return asksAck ? this.recordAnswer(result, seq, known) : result;
    };
  }

  private recordingMove(
    kind: 'joining' | 'leaving',
    move: NonNullable<Conversation<Client>['join']>,
  ): NonNullable<Conversation<Client>['join']> {
    return async (client, room) => {
      const known = this.knownAs(client);
      const seq = this.add({ kind, ...known, room });
      return this.recordAnswer(move(client, room), seq, known);
    };
  }

  private async recordAnswer(result: Promise<unknown>, to: number, known: Known): Promise<unknown> {
    let ok = false;
    try {
      const answer = await result;
      ok = errorAnswerIn([answer]) === undefined;
      return answer;
    } finally {
      this.add({ kind: 'answered', ...known, to, ok });
    }
  }

  private knownAs({ socket, name }: Client): Known {
    const known = this.known.get(socket);
    if (known) return known;
    throw new TypeError(`The history does not know ${name}. Call history.record() before the client connects.`);
  }

  private add(entry: Happened): number {
    const seq = this.recorded.length;
    this.recorded.push({ ...entry, seq, at: now() - this.began });
    return seq;
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}
