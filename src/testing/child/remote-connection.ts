import { EventEmitter } from 'node:events';
import type { RemoteFenceEnd } from '../socket-io/fence.js';
import type { Recorder } from '../timeline/timeline.js';
import type { AgentConnection } from './agent-connection.js';

/** The node in another process that has a connection. */
export interface Owner {
  readonly agent: AgentConnection;
  readonly record: Recorder;
}

/** The server's end of a connection to a node in another process. Fences pass it. */
export class RemoteConnection extends EventEmitter implements RemoteFenceEnd {
  readyState = 'open';
  /** The node that has the connection, once it is known. */
  node: Owner | undefined;
  /** The crowd to which its client belongs. */
  crowd: string | undefined;
  /** The agent of the node that has the connection. The client may know the connection before the agent tells of it. */
  readonly agent: Promise<AgentConnection>;
  private found!: (agent: AgentConnection) => void;

  constructor(readonly id: string) {
    super();
    this.agent = new Promise((resolve) => {
      this.found = resolve;
    });
  }

  /** Called when the agent tells of the connection. */
  belongTo(node: Owner, crowd: string | undefined): void {
    this.node = node;
    this.crowd = crowd;
    this.found(node.agent);
  }

  sendFence(id: string): void {
    // If the node has ended, the connection is closed, which ends the wait for the fence.
    this.agent.then((agent) => agent.ask('fence', { connection: this.id, id })).catch(() => {});
  }

  /** Called when a fence of the client has arrived. */
  takeFence(id: string): void {
    this.emit('packet', { type: 'noop', data: id });
  }

  close(): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.emit('close');
  }
}
