import { NodeProcess } from '../child/node-process.js';
import { ProcessConnection } from '../child/process-connection.js';
import { scriptOf } from '../child/script-of.js';
import { CrowdProcessError } from '../report/errors.js';
import type { News, Questions } from './protocol.js';

/** The process of a crowd's clients, as the test sees it. */
export class CrowdProcess {
  /** Asks the process. @throws CrowdProcessError when it cannot answer, or ends before it does */
  readonly ask: ProcessConnection<News, Questions>['ask'];
  private readonly process: NodeProcess;
  /** Why the process has ended, if nobody ended it. */
  private failure: CrowdProcessError | undefined;
  private isFailureThrown = false;

  constructor(
    private readonly crowd: string,
    onNews: (news: News) => void,
    private readonly onFailure: () => void,
  ) {
    const cwd = process.cwd();
    this.process = new NodeProcess([scriptOf('testing/crowd-worker', cwd)], { cwd });
    void this.noteEnd();
    const connection = new ProcessConnection<News, Questions>(this.process, onNews, {
      gone: () => this.failure ?? this.failed('it has ended'),
      unanswered: (reason) => new CrowdProcessError(crowd, reason),
    });
    this.ask = (question, argument) => connection.ask(question, argument);
  }

  /** The process id. */
  get pid(): number | undefined {
    return this.process.child.pid;
  }

  /** Throws, once, why the process has ended by itself. */
  throwFailure(): void {
    if (!this.failure || this.isFailureThrown) return;
    this.isFailureThrown = true;
    throw this.failure;
  }

  /** Ends the process, and resolves when it has ended. */
  async close(): Promise<void> {
    await this.process.end('SIGKILL');
  }

  private async noteEnd(): Promise<void> {
    const { code, signal } = await this.process.exited;
    if (this.process.isEnding) return;
    this.failure = this.failed(signal ? `it was ended by ${signal}` : `it ended with code ${code}`);
    this.onFailure();
  }

  private failed(reason: string): CrowdProcessError {
    return new CrowdProcessError(this.crowd, reason, this.process.lastLines);
  }
}
