import type { Ask, Fact, Questions, Reply } from './facts.js';
import { Channel } from './channel.js';
import type { NodeProcess } from './node-process.js';

/** The process of a node has ended while the test waited for its answer. */
export class NodeGoneError extends Error {
  override readonly name = 'NodeGoneError';
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The test's end of the IPC with an agent. */
export class AgentConnection {
  private readonly channel: Channel<Fact | Reply, Ask>;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  constructor(
    private readonly node: NodeProcess,
    onFact: (fact: Fact) => void,
  ) {
    this.channel = new Channel<Fact | Reply, Ask>(node.child, (message) => {
      if ('fact' in message) onFact(message);
      else this.onReply(message);
    });
    void this.giveUpAtEnd();
  }

  /** @throws NodeGoneError when the process has ended, or ends before it answers */
  ask<Name extends keyof Questions>(
    question: Name,
    argument: Parameters<Questions[Name]>[0],
  ): Promise<ReturnType<Questions[Name]>> {
    return new Promise((resolve, reject) => {
      if (!this.node.isRunning) return reject(this.gone());
      const ask = (this.asked += 1);
      this.waiting.set(ask, { resolve, reject });
      this.channel.send({ ask, question, argument });
    });
  }

  private async giveUpAtEnd(): Promise<void> {
    await this.node.exited;
    for (const waiting of this.waiting.values()) waiting.reject(this.gone());
    this.waiting.clear();
  }

  private onReply({ reply, value, error }: Reply): void {
    const waiting = this.waiting.get(reply);
    this.waiting.delete(reply);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(`A node could not answer: ${error}`));
  }

  private gone(): NodeGoneError {
    return new NodeGoneError(['The process of a node has ended.', ...this.node.lastLines].join('\n  '));
  }
}
