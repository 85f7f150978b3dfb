import { setTimeout as delay } from 'node:timers/promises';
import type { Visit } from './inputs/visits.js';
import { Child } from './processes/child.js';
import type { BystanderFigures, ServerFigures } from './processes/figures.js';
import { visitAsClient } from './visits/client-visit.js';
import { visitByTcp } from './visits/tcp-visit.js';
import type { VisitLog } from './visits/visit-log.js';

/** Two bystanders, one over each transport. */
const BYSTANDERS = 2;

/** A server of ours in a process of its own, and beside it a process of clients that mean well. */
export class FuzzedServer implements AsyncDisposable {
  /** Inputs that have been sent. */
  inputs = 0;

  private constructor(
    private readonly url: URL,
    private readonly server: Child<ServerFigures>,
    private readonly bystanders: Child<BystanderFigures>,
  ) {}

  static async start(): Promise<FuzzedServer> {
    const [server, url] = await Child.start<ServerFigures>('server');
    const [bystanders] = await Child.start<BystanderFigures>('bystanders', url);
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
    const visits = Promise.all(
      crowd.map(async (visit) => {
        try {
          if (visit.over === 'tcp') await visitByTcp(this.url, visit.inputs, log);
          else await visitAsClient(this.url, visit, log);
        } catch (error) {
          log.complaints.push(String(error));
        }
      }),
    );
    await Promise.race([visits, this.server.exited]);
    this.inputs += log.inputs;
    // Its end is told with a delay.
    await delay(1);
    if (this.server.exit) throw new Error(`The server has died:\n${this.server.exit.stderr}`);
    if (log.complaints.length > 0) throw new Error(log.complaints.join('\n'));
  }

  async figures(): Promise<ServerFigures> {
    return this.server.figures();
  }

  async bystanderFigures(): Promise<BystanderFigures> {
    return this.bystanders.figures();
  }

  /** The figures once everybody has left but the bystanders; the latest after so many milliseconds. */
  async figuresAtRest(timeout: number): Promise<ServerFigures> {
    const deadline = performance.now() + timeout;
    let figures = await this.figures();
    while (figures.connections > BYSTANDERS && performance.now() < deadline) {
      await delay(100);
      figures = await this.figures();
    }
    return figures;
  }

  async stop(): Promise<Awaited<ReturnType<Child<unknown>['stop']>>> {
    await this.bystanders.stop('SIGKILL');
    return this.server.stop('SIGTERM');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.bystanders[Symbol.asyncDispose](), this.server[Symbol.asyncDispose]()]);
  }
}
