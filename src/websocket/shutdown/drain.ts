import { Logger } from '@nestjs/common';
import { Deadline } from '../timing/deadline.js';
import type { InFlight, Work } from '../nest/in-flight.js';
import type { Connection } from '../socket-io/engine-internals.js';
import type { Server } from '../socket-io/socket.io.js';
import type { ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { ClientConnection, connectionsOf } from './client-connection.js';
import { SHUTTING_DOWN, refuseNewConnections } from './refuse-connections.js';

/** How much of the time the clients have; the rest is for what comes after them. */
const SHARE_OF_CLIENTS = 0.8;

/** After how much of the time nobody is waited for that has not answered: its `handleDisconnect` comes then. */
const SHARE_OF_ANSWERS = 0.7;

/** How much of the time all wait for the handlers in flight; after it, each waits only for its own. */
const SHARE_OF_HANDLERS = 0.4;

/** How long all clients may be silent before those that have not answered, or said goodbye, are given up. */
const SILENCE = 2_000;

/** How long all clients may be silent before those that have answered wait no longer for the others. */
const SILENCE_OF_OTHERS = 250;

/**
 * Leaves the clients: nobody new is let in, all are told, what they have sent is dealt with and answered, they are
 * disconnected in batches, and their `handleDisconnect` is awaited.
 */
export class Drain {
  private readonly deadline: Deadline;
  private readonly lastAnswer: Deadline;
  /** For those that have not answered, or said goodbye. */
  private readonly idleDeadline: Deadline;
  private readonly leaving: Promise<void>[] = [];
  private readonly cutOffs: string[] = [];

  constructor(
    private readonly servers: Iterable<Server>,
    private readonly inFlight: InFlight,
    private readonly options: ResolvedWebsocketOptions['shutdown'],
    /** What the app wants to do while its clients are still there. */
    private readonly beforeDrain: () => Promise<unknown>,
  ) {
    this.deadline = new Deadline(options.timeout * SHARE_OF_CLIENTS);
    this.lastAnswer = new Deadline(options.timeout * SHARE_OF_ANSWERS);
    this.idleDeadline = new Deadline(options.timeout * SHARE_OF_ANSWERS, SILENCE);
  }

  async run(): Promise<void> {
    // By then this process is gone, and who comes in its place answers.
    const retryAfter = Math.ceil(this.options.timeout / 1_000);
    const onLate = (connection: Connection): void => this.leave(new ClientConnection(connection));
    for (const server of this.servers) refuseNewConnections(server, retryAfter, this.onSign, onLate);
    await new Deadline(this.options.timeout * SHARE_OF_HANDLERS).allows(this.beforeDrain());
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
    for (const { _nsps: namespaces } of this.servers) {
      // The clients of other nodes stay.
      for (const { local, sockets } of namespaces.values()) if (sockets.size > 0) local.emit(event, SHUTTING_DOWN);
    }
  }

  /** All that was sent before the client knew is handled, and others get what comes of it. */
  private async dealWithWhatIsSent(connections: readonly ClientConnection[]): Promise<void> {
    const deadline = new Deadline(this.options.timeout * SHARE_OF_HANDLERS);
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
      for (const connection of connections.slice(first, first + batchSize)) this.leave(connection);
      // One interval is left for the last batch.
      if (batches > 1) await new Deadline(Math.min(batchInterval, this.lastAnswer.left / batches)).allows(never);
      batches -= 1;
    }
  }

  private leave(connection: ClientConnection): void {
    this.leaving.push(this.disconnectOne(connection));
  }

  private async disconnectOne(connection: ClientConnection): Promise<void> {
    // One that is late, or mute, is awaited for itself alone.
    const hasAnswered = await this.idleDeadline.allows(connection.catchUp(this.onSign));
    connection.holdEvents();
    await this.deadline.allows(this.workOf(connection));
    if (hasAnswered) this.onSign();
    const isCutOff = await connection.close(this.idleDeadline);
    if (isCutOff) this.cutOffs.push(`Cut off ${connection.name}: it does not answer.`);
    else this.onSign();
  }

  private readonly onSign = (): void => this.idleDeadline.renew();

  /** Handlers that have waited for `handleConnection` come after it. */
  private async workOf({ ids }: ClientConnection): Promise<void> {
    let work: readonly Work[];
    do {
      work = this.inFlight.work.filter(({ client }) => ids.includes(client));
      await this.inFlight.ended(work);
    } while (work.length > 0 && this.deadline.left > 0);
  }
}

const MAX_LINES = 100;

/** Says what was cut off, a line for each; of very many the first, and how many more there were. */
export function logCutOffs(lines: readonly string[]): void {
  const logger = new Logger('WebsocketShutdown');
  for (const line of lines.slice(0, MAX_LINES)) logger.warn(line);
  if (lines.length > MAX_LINES) logger.warn(`Cut off ${lines.length - MAX_LINES} more.`);
}
