/** What a process can be asked. */
export type Questions = Record<string, (parameters: never) => unknown>;

/** What goes from a parent to its child. */
export interface Question {
  name: string;
  parameters?: unknown;
}

/** What goes back. */
export type Answer = { value: unknown } | { error: string };

/** The child's side: answers questions, and ends with its parent. */
export function answer(questions: Questions): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('message', ({ name, parameters }: Question) => {
    void answerOf(() => questions[name]!(parameters as never)).then((one) => process.send!(one));
  });
}

async function answerOf(question: () => unknown): Promise<Answer> {
  try {
    return { value: await question() };
  } catch (error) {
    const { message, stack = message } = error as Error;
    return { error: stack };
  }
}
