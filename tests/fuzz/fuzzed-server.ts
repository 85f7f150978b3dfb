import { setTimeout as delay } from 'node:timers/promises';
import type { Visit } from './inputs/visits.js';
import { Child, type Exit } from './processes/child.js';
import type { BystanderAnswers, BystanderFigures, ServerAnswers, ServerFigures } from './processes/figures.js';
import { visitAsClient } from './visits/client-visit.js';
import { visitByTcp } from './visits/tcp-visit.js';
import type { VisitLog } from './visits/visit-log.js';

/** Two bystanders: one over each transport. */
const BYSTANDERS = 2;

/** How long one visit may take in all, in milliseconds. */
const VISIT_TIMEOUT = 40_000;

/** A server of ours in a process of its own, and beside it, in another one, clients that mean well. */
export class FuzzedServer implements AsyncDisposable {
  /** How many inputs it was sent. */
  inputs = 0;

  private constructor(
    private readonly url: URL,
    private readonly server: Child<ServerAnswers>,
    private readonly bystanders: Child<BystanderAnswers>,
  ) {}

  static async start(): Promise<FuzzedServer> {
    const [server, url] = await Child.start<ServerAnswers>('server');
    const [bystanders] = await Child.start<BystanderAnswers>('bystanders', url);
    return new FuzzedServer(new URL(url), server, bystanders);
  }

  get isAlive(): boolean {
    return !this.server.exit;
  }

  /**
   * Lets visits happen at the same time.
   *
   * @throws when the server does not survive them, or does what it must not
   */
  async receive(crowd: readonly Visit[]): Promise<void> {
    const log: VisitLog = { inputs: 0, complaints: [] };
    await Promise.race([Promise.all(crowd.map((visit) => this.be(visit, log))), this.server.exited]);
    this.inputs += log.inputs;
    // A process is known to have ended a little later than its connections are.
    if (log.complaints.length > 0) await Promise.race([this.server.exited, delay(100)]);
    if (this.server.exit) throw new Error(`The server has died:\n${this.server.exit.stderr}`);
    if (log.complaints.length > 0) throw new Error(log.complaints.join('\n'));
  }

  async figures(): Promise<ServerFigures> {
    return this.server.ask('figures');
  }

  async bystanderFigures(): Promise<BystanderFigures> {
    return this.bystanders.ask('figures');
  }

  /**
   * Waits until there is nobody but the bystanders.
   *
   * @param timeout in milliseconds
   * @returns how many are left beside them
   */
  async untilAlone(timeout: number): Promise<number> {
    const deadline = performance.now() + timeout;
    let left = (await this.server.ask('connections')) - BYSTANDERS;
    while (left > 0 && performance.now() < deadline) {
      await delay(50);
      left = (await this.server.ask('connections')) - BYSTANDERS;
    }
    return left;
  }

  /** Ends the server as an operator does. */
  async stop(): Promise<Exit> {
    await this.bystanders.stop('SIGKILL');
    return this.server.stop('SIGTERM');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.bystanders[Symbol.asyncDispose](), this.server[Symbol.asyncDispose]()]);
  }

  private async be(visit: Visit, log: VisitLog): Promise<void> {
    const ended = new AbortController();
    const late = delay(VISIT_TIMEOUT, undefined, { signal: ended.signal }).then(() => {
      throw new Error(`A visit did not end within ${VISIT_TIMEOUT} ms: ${JSON.stringify(visit)}`);
    });
    try {
      const visiting =
        visit.over === 'tcp' ? visitByTcp(this.url, visit.inputs, log) : visitAsClient(this.url, visit, log);
      await Promise.race([visiting, late]);
    } catch (error) {
      log.complaints.push((error as Error).message);
    } finally {
      ended.abort();
      late.catch(() => {});
    }
  }
}
