import { MessagePipe } from './message-pipe.js';
import type { TestPipe } from './test-pipe.js';

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

/** What the test may ask a process, each with its argument and its answer. */
export type Questions<Q> = { readonly [Name in keyof Q]: (argument: never) => unknown };

/** How a process answers. */
type Answers<Q extends Questions<Q>> = { readonly [Name in keyof Q]: (argument: Parameters<Q[Name]>[0]) => unknown };

/** What a process says to the test that started it. It tells facts, and answers questions. */
export class Answering<Fact extends object, Q extends Questions<Q>> {
  private readonly messages: MessagePipe<Ask, Fact | Reply>;

  constructor(
    pipe: TestPipe,
    private readonly answers: Answers<Q>,
    private readonly options: {
      /** See {@link MessagePipe}. */
      readonly plain?: (message: Fact | Reply) => Fact | Reply;
      /** Called before each answer, to tell what happened before it. */
      readonly beforeAnswer?: () => void;
    } = {},
  ) {
    this.messages = new MessagePipe<Ask, Fact | Reply>(pipe, (ask) => void this.answer(ask), options.plain);
  }

  tell(fact: Fact): void {
    this.messages.send(fact);
  }

  private async answer({ ask: reply, question, argument }: Ask): Promise<void> {
    try {
      const value = await this.answers[question as keyof Q](argument as never);
      this.options.beforeAnswer?.();
      this.messages.send({ reply, value });
    } catch (error) {
      this.messages.send({ reply, error: String(error) });
    }
  }
}
