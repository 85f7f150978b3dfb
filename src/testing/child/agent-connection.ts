import type { NodeProcess } from './node-process.js';
import type { Fact, Questions } from './facts.js';
import { ProcessConnection } from './process-connection.js';

/** The process of a node has ended while the test waited for its answer. */
export class NodeGoneError extends Error {
  override readonly name = 'NodeGoneError';
}

/** The test's end of the pipes to an agent. */
export class AgentConnection extends ProcessConnection<Fact, Questions> {
  constructor(node: NodeProcess, onFact: (fact: Fact) => void) {
    super(node, onFact, {
      gone: () => new NodeGoneError(['The process of a node has ended.', ...node.lastLines].join('\n  ')),
      unanswered: (reason) => new Error(`A node could not answer: ${reason}`),
    });
  }
}
