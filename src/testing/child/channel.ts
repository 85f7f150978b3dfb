import { setImmediate } from '../timing/real-time.js';

/** Tells the messages of the harness from those of the app. */
const BATCH = 'nest-realtime-kit:batch';

/** The answer to the question of this number. */
export interface Reply {
  readonly reply: number;
  readonly value?: unknown;
  /** Why there is no answer. */
  readonly error?: string;
}

export interface Ask {
  readonly ask: number;
  readonly question: string;
  readonly argument: unknown;
}

/** One end of the IPC between a test and a process that it started: `process` there, a `ChildProcess` here. */
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
    port.on('message', (told) => {
      // The app may use IPC too: `process.send('ready')` tells PM2 that it listens.
      for (const message of (told as { [BATCH]?: readonly Incoming[] } | null)?.[BATCH] ?? []) onMessage(message);
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
    this.port.send?.({ [BATCH]: batch }, () => {});
  }
}

/** What the test may ask a process, each with its argument and its answer. */
export type Questions<Q> = { readonly [Name in keyof Q]: (argument: never) => unknown };

/** How a process answers. */
type Answers<Q extends Questions<Q>> = { readonly [Name in keyof Q]: (argument: Parameters<Q[Name]>[0]) => unknown };

/** A process's end of the IPC with the test that started it. It tells facts, and answers questions. */
export class Answering<Fact extends object, Q extends Questions<Q>> {
  private readonly channel: Channel<Ask, Fact | Reply>;

  constructor(
    private readonly answers: Answers<Q>,
    private readonly options: {
      /** See {@link Channel}. */
      readonly plain?: (message: Fact | Reply) => Fact | Reply;
      /** Called before each answer, to tell what happened before it. */
      readonly beforeAnswer?: () => void;
    } = {},
  ) {
    this.channel = new Channel<Ask, Fact | Reply>(process, (ask) => void this.answer(ask), options.plain);
  }

  tell(fact: Fact): void {
    this.channel.send(fact);
  }

  private async answer({ ask: reply, question, argument }: Ask): Promise<void> {
    try {
      const value = await this.answers[question as keyof Q](argument as never);
      this.options.beforeAnswer?.();
      this.channel.send({ reply, value });
    } catch (error) {
      this.channel.send({ reply, error: String(error) });
    }
  }
}
