import type { TestContext } from 'vitest';
import { LooseEndsError, TeardownError, UndeclaredErrorLogsError, UndeclaredRefusalsError } from '../report/errors.js';
import type { TestClient } from '../client/test-client.js';
import { takeUnawaited } from '../matchers/unawaited.js';
import type { Timeline } from '../timeline/timeline.js';

type Task = TestContext['task'];

/** The runs that have not ended: one, or several with concurrent tests. */
const runs = new Map<object, TestRun>();

/** One run of a test, from before its app starts until after it is closed: what it used, and what went wrong. */
export class TestRun {
  /** In a shared app: the clients that its `connect` fixture connected. */
  readonly clients: TestClient[] = [];
  /** The timelines of its apps. */
  readonly timelines = new Set<Timeline>();
  private readonly problems: Error[] = [];

  constructor(
    readonly task: Task,
    /** An app's log entries from this time on belong to this test, in milliseconds of `performance.now()`. */
    readonly since: number,
  ) {
    runs.set(task, this);
  }

  static of(task: object | undefined): TestRun | undefined {
    return task && runs.get(task);
  }

  /** The run of the test that began last. */
  static get latest(): TestRun | undefined {
    return [...runs.values()].at(-1);
  }

  notes(problem: Error): void {
    if (problem instanceof TeardownError) for (const error of problem.errors) this.notes(error as Error);
    // A failed test already shows what the server logged, and had no chance to read its remaining events.
    else if (this.task.result?.state !== 'fail' || !isAboutLeftovers(problem)) this.problems.push(problem);
  }

  /** Runs a step of the teardown. It notes an error instead of throwing it, so that the other steps run too. */
  async attempt(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.notes(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** @throws what went wrong and is not reported yet: the error or, if there are several, an AggregateError */
  end(): void {
    runs.delete(this.task);
    for (const forgotten of takeUnawaited(this.task)) this.notes(forgotten);
    if (this.problems.length === 0) return;
    // For an AggregateError, Vitest 3 shows neither the errors nor their stacks.
    if (this.problems.length === 1) throw this.problems[0]!;
    throw new AggregateError(this.problems, this.problems.map(({ message }) => message.split('\n')[0]).join('; '));
  }
}

function isAboutLeftovers(problem: Error): boolean {
  return [UndeclaredErrorLogsError, UndeclaredRefusalsError, LooseEndsError].some((kind) => problem instanceof kind);
}
