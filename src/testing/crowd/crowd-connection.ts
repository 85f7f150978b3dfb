import type { ConnectionContext } from '../client/assertion-context.js';
import { FenceLine, sendNumberToClient } from '../socket-io/fence-line.js';
import type { Cause } from '../model/execution-context.js';
import type { ReceivedEvent } from '../model/received-event.js';
import type { HookError } from '../report/errors.js';
import type { Connection } from '../settle/settle.js';
import type { Happening } from '../timeline/entry.js';
import { Member } from './member.js';
import { Step, type News } from './protocol.js';
import { CrowdProcess } from './crowd-process.js';

let fences = 0;

/** An event whose origin may become known later. */
type Arriving = { -readonly [Key in keyof ReceivedEvent]: ReceivedEvent[Key] };

/** The connections of a crowd: the clients' ends are in a process of their own, the server's where the nodes are. */
export class CrowdConnection implements Connection {
  /** A crowd has no link that a test can disturb. */
  readonly faults: readonly string[] = [];
  readonly members: readonly Member[];
  readonly process: CrowdProcess;
  private readonly atServer = new FenceLine();

  constructor(
    /** The crowd's name, for readers. */
    readonly name: string,
    readonly namespace: string,
    readonly context: ConnectionContext,
    count: number,
  ) {
    const onChange = (): void => context.activity.changed();
    this.members = Array.from({ length: count }, (_, index) => new Member(index, name, namespace, onChange));
    this.process = new CrowdProcess(
      name,
      (news) => this.take(news),
      () => this.loseAll(),
    );
  }

  /** Whether every client is disconnected for good, at both ends. */
  get isGone(): boolean {
    return this.members.every((member) => member.state === 'gone' && member.agrees);
  }

  agrees(): boolean {
    return this.members.every((member) => member.agrees);
  }

  async fenceToServer(): Promise<void> {
    const fence = (fences += 1);
    const open = this.open();
    const unsent = this.process.ask('sendFence', fence).then(
      (clients) => clients.flatMap((index) => this.members[index]!.serverEnd?.conn ?? []),
      // The process has ended, and its connections close.
      () => [],
    );
    await this.atServer.passed(
      fence,
      open.map(({ serverEnd }) => serverEnd!.conn),
      unsent,
    );
  }

  async fenceToClient(): Promise<void> {
    const fence = (fences += 1);
    const open = new Set(this.open());
    for (const { serverEnd } of open) sendNumberToClient(serverEnd!.conn, fence);
    const unsent = this.members.filter((member) => !open.has(member)).map(({ index }) => index);
    // If the process has ended, nothing can arrive any more.
    await this.process.ask('awaitFence', { fence, unsent }).catch(() => {});
  }

  /** Disconnects clients, and resolves when their connections are closed. */
  async disconnect(members: readonly Member[]): Promise<void> {
    const clients = members.map(({ index }) => index);
    // If the process has ended, its connections are closed.
    await this.process.ask('disconnect', clients).catch(() => {});
    // A client that has never been connected is not told to be disconnected.
    for (const member of members) if (member.state === 'connecting') member.state = 'gone';
    this.context.activity.changed();
  }

  /** Ends the process if no other clients than these are left in it. */
  async closeWithout(members: readonly Member[]): Promise<void> {
    const left = new Set(this.members.filter(({ isGone }) => !isGone));
    for (const member of members) left.delete(member);
    if (left.size === 0) await this.process.close();
  }

  /** Throws, once, why the process has ended by itself, or the first error of a hook that failed for a client. */
  throwFailure(members: readonly Member[], which: (failure: HookError) => boolean = () => true): void {
    this.process.throwFailure();
    const failures = members.flatMap(({ serverEnd }) => serverEnd?.failures.splice(0) ?? []);
    for (const failure of failures) this.context.observer.failures.delete(failure);
    const failure = failures.find(which);
    if (failure) throw failure;
  }

  /** The clients whose connection is open at the server. */
  private open(): Member[] {
    return this.members.filter(({ serverEnd }) => serverEnd?.conn.readyState === 'open');
  }

  private take({ steps, values }: News): void {
    for (let step = 0; step < steps.length; step += 3) {
      const [kind, index, place] = steps.slice(step, step + 3) as [number, number, number];
      this.takeStep(kind, this.members[index]!, values[place]);
    }
    this.context.activity.moved();
  }

  private takeStep(kind: number, member: Member, value: unknown): void {
    if (kind === Step.RECEIVED) return this.takeEvent(member, value as [string, ...unknown[]]);
    if (kind === Step.CONNECTED) return this.takeConnected(member, value as [string, string]);
    member.state = kind === Step.INTERRUPTED ? 'connecting' : 'gone';
    member.reason = value as string;
    member.wasRefused = kind === Step.REFUSED;
    if (kind !== Step.REFUSED) this.noteDisconnected(member);
  }

  private takeConnected(member: Member, [id, connectionId]: [string, string]): void {
    member.id = id;
    member.state = 'connected';
    const serverEnd = this.context.observer.claim(id, connectionId);
    if (!serverEnd) return;
    member.serverEnds.push(serverEnd);
    this.atServer.watch(serverEnd.conn);
  }

  private takeEvent(member: Member, [event, ...sent]: [string, ...unknown[]]): void {
    const { timeline } = this.context;
    const args = member.serverEnd?.isOffset(sent.at(-1)) ? sent.slice(0, -1) : sent;
    const { name: client, namespace } = this;
    const received: Arriving = { event, args, at: timeline.elapsed };
    member.serverEnd?.traceReceived(event, (origin) => {
      Object.assign(received, origin);
      // The entry may be recorded already.
      if (received.entry !== undefined) timeline.noteCause(received.entry, origin.cause);
    });
    const happening: Happening = { kind: 'received', client, namespace, event, args, asksAck: false };
    received.entry = this.record(member, happening, received.cause);
    member.inbox.put(received);
  }

  private noteDisconnected(member: Member): void {
    this.record(member, { kind: 'disconnected', client: this.name, end: 'client', reason: member.reason! });
  }

  /** Records what a client does, at the node that it is connected to. */
  record({ serverEnd }: Member, happening: Happening, cause?: Cause): number {
    return (serverEnd?.record ?? this.context.record)(happening, cause);
  }

  /** The process has ended, and all its clients with it. */
  private loseAll(): void {
    for (const member of this.members) {
      if (member.state === 'gone') continue;
      member.state = 'gone';
      member.reason = 'the process of its clients has ended';
      this.noteDisconnected(member);
    }
    this.context.activity.moved();
  }
}
