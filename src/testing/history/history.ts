import type { TestClient } from '../client/test-client.js';
import type { WitnessFor } from '../client/witness.js';
import { checkHistory, type HistorySummary } from './check.js';
import { messageIn, type Conversation } from './conversation.js';
import type { HistoryEntry } from './entry.js';
import type { Guarantee } from './guarantee.js';
import type { SettleOptions } from '../settle/settle.js';
import { recordActions } from './record-actions.js';
import { recordSights } from './record-sights.js';
import { HistoryRecord } from './record.js';

/**
 * What the clients of a test have said and heard, and when they were connected, as they saw it themselves. `record`
 * begins it, `check` compares it with guarantees.
 */
export class History<Client extends Pick<TestClient, 'name'> & { readonly socket: object } = TestClient> {
  /** @internal The workloads that are running. */
  readonly running = new Set<{ stop(reason: Error): Promise<void> }>();
  /** @internal The seeds of the workloads. */
  readonly seeds: number[] = [];
  private readonly conversations: Conversation<Client>[] = [];
  private readonly recorded = new HistoryRecord();
  /** The first error that the history is incomplete by. */
  private failure: { readonly error: unknown } | undefined;

  /** @internal */
  constructor(
    /** @internal Waits until nothing is in flight, calls `settling` whenever it begins anew, and what that returned last. */
    readonly settle: (options?: SettleOptions) => Promise<void>,
  ) {}

  /** The entries so far, in order. */
  get entries(): readonly HistoryEntry[] {
    return this.recorded.entries;
  }

  /**
   * Begins to record the clients that connect from now on.
   *
   * @param conversation how the clients talk. It shares its rooms with those that have the same function `join`
   * @returns the same functions; the history has what is done with them
   */
  record<Talk extends Conversation<Client>>(conversation: Talk): Talk {
    this.conversations.push(conversation);
    const number = this.conversations.findIndex(({ join }) => join === conversation.join);
    return recordActions<Client, Talk>(conversation, number, this.recorded);
  }

  /**
   * Waits until nothing is in flight, and checks that each guarantee holds.
   *
   * @returns how much there was to check
   * @throws the error of a workload, or of `messageOf`, that has failed
   * @throws HistoryError when a guarantee does not hold, or nobody has got a message that was said
   * @throws SettleTimeoutError when something stays in flight
   */
  async check(...guarantees: readonly Guarantee[]): Promise<HistorySummary> {
    if (guarantees.length === 0)
      throw new TypeError('Expected guarantees to check the history against: check(atMostOnce(), onlyMembers()).');
    if (this.running.size > 0)
      throw new Error('A workload is still running. Await its `done` before you check the history.');
    await this.settle();
    if (this.failure) throw this.failure.error;
    return checkHistory(this.entries, guarantees, this.seeds);
  }

  /** @internal @returns what records that nothing is in flight of what was said until now */
  settling(): () => void {
    const since = this.entries.length;
    return () => {
      if (this.isRecording) this.recorded.add({ kind: 'settled', since });
    };
  }

  /** @internal The client's name in the entries. @throws TypeError for a client that is not part of the history */
  nameOf(client: Client): string {
    return this.recorded.knownAs(client).client;
  }

  /** @internal Lets `check` throw an error, unless it has one from before. */
  fail(error: unknown): void {
    this.failure ??= { error };
  }

  /** @internal Ends the workloads that are running. */
  async end(): Promise<void> {
    const reason = new Error('The test ended while the workload was running. Await its `done`.');
    await Promise.all(Array.from(this.running, (workload) => workload.stop(reason)));
  }

  /** @internal Forgets everything, for the next test. */
  forget(): void {
    this.conversations.length = 0;
    this.seeds.length = 0;
    this.failure = undefined;
    this.recorded.forget();
  }

  /** @internal @param node the node that the clients are opened on, in a cluster */
  witnessFor(node?: number): WitnessFor {
    return (socket, name) => {
      // Of a client that is connected already, nobody knows which rooms it is in.
      if (!this.isRecording || socket.connected) return undefined;
      const known = this.recorded.introduce(socket, name, node);
      return recordSights(this.recorded, socket, known, (event, args) => this.messageIn(event, args));
    };
  }

  private get isRecording(): boolean {
    return this.conversations.length > 0;
  }

  private messageIn(event: string, args: readonly unknown[]): string | undefined {
    const isMessage = (text: string): boolean => this.recorded.messages.has(text);
    try {
      for (const conversation of this.conversations) {
        const message = conversation.hears === event ? messageIn(conversation, args, isMessage) : undefined;
        if (message !== undefined) return message;
      }
    } catch (error) {
      this.fail(error);
    }
    return undefined;
  }
}
