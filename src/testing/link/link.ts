import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Happening } from '../timeline/entry.js';
import { showFault, type Fault, type Stream } from '../timeline/kinds/faults.js';
import { nextTurn, now } from '../timing/real-time.js';
import { LinkedSocket } from './linked-socket.js';
import { StreamFaults } from './stream-faults.js';

export interface FaultOptions {
  /**
   * The stream that is faulty: `upstream` is from the client to the server, `downstream` from the server to the client.
   *
   * @default both
   */
  stream?: Stream;
}

/** Whose link it is, and where its faults are recorded. */
export interface LinkIdentity {
  /** The link in words: `the link of alice`. */
  readonly subject: string;
  /** The client, if the link is one's. */
  readonly client?: string;
  readonly record?: (happening: Happening) => unknown;
  /** Whether the client polls at the moment. */
  readonly isPolling?: () => boolean;
}

/** How long `cut()` and `reset()` wait for the next poll, in milliseconds. */
const UNTIL_POLLED = 500;

/** The connections between a client and its server, with the faults that a test injects. They last until `heal()`. */
export class Link {
  private readonly streams = { upstream: new StreamFaults(), downstream: new StreamFaults() };
  private readonly connections = new Set<LinkedSocket>();
  private isCut = false;
  /** @internal Whether it ever had a fault. */
  wasFaulty = false;

  /** @internal */
  constructor(private readonly identity: LinkIdentity) {}

  /** Ends every connection, so that both ends see it end, and refuses new ones until `heal()`. */
  async cut(): Promise<void> {
    await this.untilPolled();
    this.isCut = true;
    this.recordFault({ type: 'cut' });
    this.sever();
  }

  /** Resets every connection with a TCP RST. New ones may be made. */
  async reset(): Promise<void> {
    await this.untilPolled();
    this.recordFault({ type: 'reset' });
    for (const connection of this.connections) {
      connection.sever(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }));
    }
  }

  /**
   * Lets nothing pass any more, and tells neither end, not even that the other end has closed the connection: each
   * notices only by its own timeouts. After `heal()`, what was held back passes.
   */
  blackhole(options?: FaultOptions): Promise<void> {
    return this.impose({ type: 'blackhole' }, options);
  }

  /** Delays everything that passes, and keeps the order. */
  async latency(milliseconds: number, options?: FaultOptions): Promise<void> {
    expectPositive('latency', milliseconds, 'milliseconds');
    await this.impose({ type: 'latency', milliseconds }, options);
  }

  /** Limits how many bytes per second pass on each connection. */
  async bandwidth(bytesPerSecond: number, options?: FaultOptions): Promise<void> {
    expectPositive('bandwidth', bytesPerSecond, 'bytes per second');
    await this.impose({ type: 'bandwidth', bytesPerSecond }, options);
  }

  /** Damages what passes next, so that its receiver gets an invalid WebSocket frame or HTTP message. */
  corrupt(options?: FaultOptions): Promise<void> {
    return this.impose({ type: 'corrupt' }, options);
  }

  /** Removes every fault. What was held back passes. */
  heal(): Promise<void> {
    const { subject, client, record } = this.identity;
    this.isCut = false;
    for (const stream of Object.values(this.streams)) stream.clear();
    record?.({ kind: 'healed', subject, client });
    this.pump();
    return Promise.resolve();
  }

  /** @internal Its faults in words: `the link of alice is blackholed`. */
  get faults(): readonly string[] {
    const { upstream, downstream } = this.streams;
    const cut: Fault[] = this.isCut ? [{ type: 'cut' }] : [];
    return [...new Set([...cut, ...upstream.all, ...downstream.all])].map(
      (fault) => `${this.identity.subject} ${showFault(fault)}`,
    );
  }

  /** @internal Ends its faults after a test. A link that lets nothing pass is cut, and what it holds back is dropped. */
  release(): void {
    const streams = Object.values(this.streams);
    if (streams.some(({ isBlackholed }) => isBlackholed)) this.isCut = true;
    if (this.isCut) this.sever();
    for (const stream of streams) stream.clear();
    this.pump();
  }

  /**
   * @internal Opens a connection of this link.
   *
   * @throws Error with the code ECONNREFUSED when the link is cut
   */
  open(connect: () => Socket, isPoll = false): Duplex {
    if (this.isCut) {
      const message = `connect ECONNREFUSED: ${this.identity.subject} is cut`;
      throw Object.assign(new Error(message), { code: 'ECONNREFUSED', syscall: 'connect' });
    }
    const connection = new LinkedSocket(connect(), this.streams, isPoll, () => this.connections.delete(connection));
    this.connections.add(connection);
    return connection;
  }

  protected sever(): void {
    for (const connection of this.connections) connection.sever();
  }

  /** Between two polls there is no connection, so the server would only notice later. */
  private async untilPolled(): Promise<void> {
    const { isPolling = () => false } = this.identity;
    const deadline = now() + UNTIL_POLLED;
    while (isPolling() && this.faults.length === 0 && now() < deadline) {
      // The answer to a poll may be on its way.
      await nextTurn();
      await nextTurn();
      if ([...this.connections].some(({ isPending }) => isPending)) return;
    }
  }

  private impose(fault: Fault, { stream }: FaultOptions = {}): Promise<void> {
    const imposed = stream ? { ...fault, stream } : fault;
    for (const name of stream ? [stream] : (['upstream', 'downstream'] as const)) this.streams[name].impose(imposed);
    this.recordFault(imposed);
    this.pump();
    return Promise.resolve();
  }

  private recordFault(fault: Fault): void {
    const { subject, client, record } = this.identity;
    this.wasFaulty = true;
    record?.({ kind: 'faulted', subject, client, fault });
  }

  private pump(): void {
    for (const connection of this.connections) connection.pump();
  }
}

function expectPositive(fault: string, value: number, unit: string): void {
  if (!(value > 0))
    throw new RangeError(`${fault}() expects a number of ${unit} above 0; got ${value}. heal() removes it.`);
}
