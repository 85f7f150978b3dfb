import { setImmediate } from '../timing/real-time.js';

/** One end of the IPC between a test and the process of a node: `process` there, a `ChildProcess` here. */
interface Port {
  readonly connected: boolean;
  send?(message: unknown, onSent: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/**
 * Sends messages to another process in their order, those of one turn of the event loop together.
 *
 * @param plain replaces a message that cannot be cloned, for example because it contains a function
 */
export class Channel<Incoming, Outgoing> {
  private waiting: Outgoing[] = [];

  constructor(
    private readonly port: Port,
    onMessage: (message: Incoming) => void,
    private readonly plain: (message: Outgoing) => Outgoing = (message) => message,
  ) {
    port.on('message', (batch) => {
      for (const message of batch as readonly Incoming[]) onMessage(message);
    });
  }

  send(message: Outgoing): void {
    if (this.waiting.push(message) === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const batch = this.waiting;
    this.waiting = [];
    if (!this.port.connected) return;
    try {
      this.deliver(batch);
    } catch {
      this.deliver(batch.map(this.plain));
    }
  }

  private deliver(batch: readonly Outgoing[]): void {
    // The other process may end at any moment, which its exit tells.
    this.port.send?.(batch, () => {});
  }
}
