import type { Cause } from '../model/execution-context.js';
import type { LogCapture } from '../observer/log-capture.js';
import { Membership, nextMoment } from '../observer/membership.js';
import type { Origin, Patience, ServerEnd } from '../observer/server-end.js';
import type { HookError } from '../report/errors.js';
import { isOffsetOf, type OffsetKind } from '../socket-io/recovery-offset.js';
import type { Recorder } from '../timeline/timeline.js';
import { EXPIRED, withTimeout, type Expired } from '../timing/deadline.js';
import { NodeGoneError } from './agent-connection.js';
import type { Owner, RemoteConnection } from './remote-connection.js';

/** A node in another process, and where to record what its agent tells. */
export interface RemoteNode extends Owner {
  readonly logs: LogCapture;
  /** The entries of the test's timeline, by the numbers that the agent gave them. */
  readonly entries: Map<number, number>;
  /** The latest end of each socket there, by its id. A recovered session keeps the id, and gets another end. */
  readonly ends: Map<string, RemoteEnd>;
}

/** An event that the client has received before the agent told that the server sent it. */
interface Untraced {
  readonly event: string;
  readonly onKnown: (origin: Origin) => void;
}

/** The server's end of a client's connection to a namespace of a node in another process, as the agent tells it. */
export class RemoteEnd implements ServerEnd {
  connected = true;
  connection = 0;
  disconnection: number | undefined;
  disconnectReason: string | undefined;
  disconnectCause: Cause | undefined;
  readonly membership = new Membership();
  readonly failures: HookError[] = [];
  /** The client's name, or the socket's id if it is not one of the test's clients. */
  name: string;
  /** What the client has sent and the server has not received, and the reverse. A connection keeps its order. */
  private readonly toServer: { readonly event: string; readonly entry: number }[] = [];
  private readonly toClient: ({ readonly event: string } & Origin)[] = [];
  private readonly untraced: Untraced[] = [];
  private readonly lost = new Map<string, number>();

  constructor(
    readonly id: string,
    readonly conn: RemoteConnection,
    /** How the offsets look that the nodes append to events. */
    private readonly offsets: ReadonlySet<OffsetKind>,
  ) {
    this.name = id;
  }

  get node(): object {
    return this.conn.node ?? this.conn;
  }

  get record(): Recorder | undefined {
    return this.conn.node?.record;
  }

  get isOwn(): boolean {
    return this.name !== this.id;
  }

  async caughtUp(): Promise<void> {
    try {
      await (await this.conn.agent).ask('told', undefined);
    } catch (error) {
      if (!(error instanceof NodeGoneError)) throw error;
    }
  }

  async whenHandled({ timeout, signal }: Patience): Promise<boolean | Expired> {
    const handled = this.conn.agent.then((agent) => agent.ask('handled', { socket: this.id, timeout }));
    const touched = await withTimeout(handled, timeout, signal);
    if (touched !== EXPIRED && touched !== 'expired') return touched;
    if (this.conn.node) return EXPIRED;
    throw new TypeError(`${this.name} is the id of a socket that is connected to no node of this cluster.`);
  }

  async whenLeft({ timeout, signal }: Patience): Promise<true | Expired> {
    const left = this.conn.agent
      .then((agent) => agent.ask('left', { socket: this.id, timeout }))
      .catch((error: unknown) => {
        if (error instanceof NodeGoneError) return true as const;
        throw error;
      });
    const answer = await withTimeout(left, timeout, signal);
    return answer === 'expired' ? EXPIRED : answer;
  }

  drop(): void {
    // A node that has ended has no connections.
    this.conn.agent.then((agent) => agent.ask('drop', this.id)).catch(() => {});
  }

  noteSent(event: string, entry: number): void {
    this.toServer.push({ event, entry });
  }

  /** Takes the entry of an event that has reached the server. The events before it were lost. */
  takeSent(event: string): number | undefined {
    const position = this.toServer.findIndex((sent) => sent.event === event);
    return position < 0 ? undefined : this.toServer.splice(0, position + 1).at(-1)?.entry;
  }

  traceReceived(event: string, onKnown: (origin: Origin) => void): void {
    const position = this.toClient.findIndex((sent) => sent.event === event);
    if (position < 0) {
      this.untraced.push({ event, onKnown });
      return;
    }
    const taken = this.toClient.splice(0, position + 1);
    for (const lost of taken.slice(0, -1)) this.noteLost(lost.event);
    onKnown(taken.at(-1)!);
  }

  /** Records an event that the server has sent to the client. */
  noteOutgoing(event: string, cause: Cause | undefined): void {
    const origin: Origin = { cause, sentAt: nextMoment() };
    const [next] = this.untraced;
    if (!next) this.toClient.push({ event, ...origin });
    else if (next.event === event) this.untraced.shift()!.onKnown(origin);
    else this.noteLost(event);
  }

  undelivered(event: string): number {
    return (this.lost.get(event) ?? 0) + this.toClient.filter((sent) => sent.event === event).length;
  }

  isOffset(value: unknown): boolean {
    return [...this.offsets].some((kind) => isOffsetOf(kind, value));
  }

  private noteLost(event: string): void {
    this.lost.set(event, (this.lost.get(event) ?? 0) + 1);
  }
}
