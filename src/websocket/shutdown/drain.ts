import { Logger } from '@nestjs/common';
import { Deadline } from '../timing/deadline.js';
import type { InFlight, Work } from '../nest/in-flight.js';
import type { Connection } from '../socket-io/engine-internals.js';
import type { Server } from '../socket-io/socket.io.js';
import { namespacesOf } from '../socket-io/socket-internals.js';
import type { ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { ClientConnection, connectionsOf } from './client-connection.js';
import { SHUTTING_DOWN, refuseNewConnections } from './refuse-connections.js';

/** The share of the timeout for the clients. The rest is for what comes after the drain. */
const SHARE_OF_CLIENTS = 0.8;

/** The share of the timeout after which silent clients are given up, so that `handleDisconnect` has time to run. */
const SHARE_OF_ANSWERS = 0.7;

/** The share of the timeout for `beforeDrain`, and again for all handlers; then each client waits only for its own. */
const SHARE_OF_HANDLERS = 0.4;

/** How long all clients may be silent before those that have not answered or closed are given up, in milliseconds. */
const SILENCE = 2_000;

/** How long all clients may be silent before those that have answered stop waiting for the others, in milliseconds. */
const SILENCE_OF_OTHERS = 250;

/**
 * Drains the clients: refuses new ones, notifies all, lets handlers answer what they have sent, disconnects them in
 * batches, and waits for their `handleDisconnect`.
 */
export class Drain {
  private readonly deadline: Deadline;
  private readonly lastAnswer: Deadline;
  /** For clients that have not answered or closed. */
  private readonly idleDeadline: Deadline;
  private readonly leaving: Promise<void>[] = [];
  private readonly cutOffs: string[] = [];

  constructor(
    private readonly servers: Iterable<Server>,
    private readonly inFlight: InFlight,
    private readonly options: ResolvedWebsocketOptions['shutdown'],
    /** Calls the app's `beforeDrain` hooks while the clients are still connected. */
    private readonly beforeDrain: () => Promise<unknown>,
  ) {
    this.deadline = new Deadline(options.timeout * SHARE_OF_CLIENTS);
    this.lastAnswer = new Deadline(options.timeout * SHARE_OF_ANSWERS);
    this.idleDeadline = new Deadline(options.timeout * SHARE_OF_ANSWERS, SILENCE);
  }

  async run(): Promise<void> {
    // By then this process has ended, and its replacement answers.
    const retryAfter = Math.ceil(this.options.timeout / 1_000);
    const onLate = (connection: Connection): void =>
      void this.leaving.push(this.disconnectOne(new ClientConnection(connection)));
    for (const server of this.servers) refuseNewConnections(server, retryAfter, this.onSign, onLate);
    const hasEnded = await new Deadline(this.options.timeout * SHARE_OF_HANDLERS).allows(this.beforeDrain());
    if (!hasEnded) this.cutOffs.push('The drain goes on without beforeDrain: it has not ended.');
    const connections = Array.from(this.servers).flatMap(connectionsOf);
    this.tell();
    await this.dealWithWhatIsSent(connections);
    await this.disconnect(connections);
    await Promise.all(this.leaving);
    await this.deadline.allows(this.inFlight.settled());
    for (const { what, client } of this.inFlight.work)
      this.cutOffs.push(`Cut off the ${what} of client ${client}: it has not ended.`);
    logCutOffs([...new Set(this.cutOffs)]);
  }

  private tell(): void {
    const { event } = this.options;
    if (event === false) return;
    // The clients of other nodes stay connected.
    for (const { local, sockets } of [...this.servers].flatMap(namespacesOf))
      if (sockets.size > 0) local.emit(event, SHUTTING_DOWN);
  }

  /** Lets handlers finish what was sent before clients knew of the shutdown, so that others still get the results. */
  private async dealWithWhatIsSent(connections: readonly ClientConnection[]): Promise<void> {
    // After a slow beforeDrain, handlers and goodbyes share what is left.
    const deadline = new Deadline(this.lastAnswer.left * (SHARE_OF_HANDLERS / SHARE_OF_ANSWERS));
    const idleDeadline = new Deadline(deadline.left, SILENCE_OF_OTHERS);
    const onSign = (): void => {
      idleDeadline.renew();
      this.onSign();
    };
    const caughtUp = Promise.all(connections.map((connection) => connection.catchUp(onSign)));
    await idleDeadline.allows(caughtUp);
    await deadline.allows(this.inFlight.ended(this.inFlight.work));
  }

  private async disconnect(connections: readonly ClientConnection[]): Promise<void> {
    const { batchSize, batchInterval } = this.options;
    const never = new Promise(() => {});
    let batches = Math.ceil(connections.length / batchSize);
    for (let first = 0; first < connections.length; first += batchSize) {
      for (const each of connections.slice(first, first + batchSize)) this.leaving.push(this.disconnectOne(each));
      // This leaves one interval for the last batch to close.
      if (batches > 1) await new Deadline(Math.min(batchInterval, this.lastAnswer.left / batches)).allows(never);
      batches -= 1;
    }
  }

  private async disconnectOne(connection: ClientConnection): Promise<void> {
    // Only this client waits for its own late answer; the others do not.
    const hasAnswered = await this.idleDeadline.allows(connection.catchUp(this.onSign));
    connection.holdEvents();
    await this.deadline.allows(this.workOf(connection));
    if (hasAnswered) this.onSign();
    const isCutOff = await connection.close(this.idleDeadline);
    if (isCutOff) this.cutOffs.push(`Cut off ${connection.name}: it does not answer.`);
    else this.onSign();
  }

  private readonly onSign = (): void => this.idleDeadline.renew();

  /** Repeats, because handlers that were held for `handleConnection` start after it. */
  private async workOf({ ids }: ClientConnection): Promise<void> {
    let work: readonly Work[];
    do {
      work = this.inFlight.work.filter(({ client }) => ids.includes(client));
      await this.inFlight.ended(work);
    } while (work.length > 0 && this.deadline.left > 0);
  }
}

const MAX_LINES = 100;

/** Logs one line for each cut-off. Beyond `MAX_LINES`, it only logs how many more there are. */
export function logCutOffs(lines: readonly string[]): void {
  const logger = new Logger('WebsocketShutdown');
  for (const line of lines.slice(0, MAX_LINES)) logger.warn(line);
  if (lines.length > MAX_LINES) logger.warn(`Cut off ${lines.length - MAX_LINES} more.`);
}
