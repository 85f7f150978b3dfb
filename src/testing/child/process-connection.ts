import type { Ask, Questions, Reply } from './answering.js';
import { MessagePipe } from './message-pipe.js';
import type { NodeProcess } from './node-process.js';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The test's end of the pipes to a process. It gets what the process tells, and asks it. */
export class ProcessConnection<Fact extends object, Q extends Questions<Q>> {
  private readonly messages: MessagePipe<Fact | Reply, Ask>;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  constructor(
    private readonly process: NodeProcess,
    onFact: (fact: Fact) => void,
    private readonly errors: {
      /** The process has ended, or ends before it answers. */
      gone(): Error;
      /** The process cannot answer, for this reason. */
      unanswered(reason: string): Error;
    },
  ) {
    this.messages = new MessagePipe<Fact | Reply, Ask>(process.pipe, (message) => {
      if ('reply' in message) this.onReply(message);
      else onFact(message);
    });
    void this.giveUpAtEnd();
  }

  /** Asks, and resolves to the answer. */
  ask<Name extends keyof Q & string>(
    question: Name,
    argument: Parameters<Q[Name]>[0],
  ): Promise<Awaited<ReturnType<Q[Name]>>> {
    return new Promise((resolve, reject) => {
      if (!this.process.isRunning) return reject(this.errors.gone());
      const ask = (this.asked += 1);
      this.waiting.set(ask, { resolve, reject });
      this.messages.send({ ask, question, argument });
    });
  }

  private async giveUpAtEnd(): Promise<void> {
    await this.process.exited;
    for (const waiting of this.waiting.values()) waiting.reject(this.errors.gone());
    this.waiting.clear();
  }

  private onReply({ reply, value, error }: Reply): void {
    const waiting = this.waiting.get(reply);
    this.waiting.delete(reply);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(this.errors.unanswered(error));
  }
}
