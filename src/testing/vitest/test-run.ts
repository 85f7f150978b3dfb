import type { TestContext } from 'vitest';
import { LooseEndsError, TeardownError, UndeclaredErrorLogsError, UndeclaredRefusalsError } from '../report/errors.js';
import type { TestClient } from '../client/test-client.js';
import { now } from '../timing/real-time.js';
import { takeUnawaited } from '../matchers/unawaited.js';
import type { Timeline } from '../timeline/timeline.js';

type Task = TestContext['task'];

/** Those that have not ended: one, or several of tests that are concurrent. */
const runs = new Map<object, TestRun>();

/** One run of a test, from before its app starts until after that has closed: what it used, and what went wrong. */
export class TestRun {
  /** What the `connect` fixture has connected for it. */
  readonly clients: TestClient[] = [];
  /** What its apps did. */
  readonly timelines = new Set<Timeline>();
  private readonly problems: Error[] = [];

  private constructor(
    readonly task: Task,
    /** From when on an app's log entries are this test's, in milliseconds of `performance.now()`. */
    readonly since: number,
  ) {}

  /** @param options `sharesApp`: the app is older than the test, and what it logged before is not the test's */
  static begin(task: Task, { sharesApp = false } = {}): TestRun {
    const run = new TestRun(task, sharesApp ? now() : 0);
    runs.set(task, run);
    return run;
  }

  static of(task: object | undefined): TestRun | undefined {
    return task && runs.get(task);
  }

  /** That of the test which began last. */
  static get latest(): TestRun | undefined {
    return [...runs.values()].at(-1);
  }

  /** Notes a timeline that tells of this test. */
  tells(timeline: Timeline): void {
    this.timelines.add(timeline);
  }

  notes(problem: Error): void {
    if (problem instanceof TeardownError) for (const error of problem.errors) this.notes(error as Error);
    // A test that has failed says itself what the server logged, and had no chance to read what it had yet to read.
    else if (!this.hasFailed || !isAboutLeftovers(problem)) this.problems.push(problem);
  }

  /** Takes a step of the teardown; what it throws is noted, and the others are taken all the same. */
  async attempt(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.notes(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** @throws what went wrong and has not been told: the error or, where there are several, an AggregateError */
  end(): void {
    runs.delete(this.task);
    for (const forgotten of takeUnawaited(this.task)) this.notes(forgotten);
    if (this.problems.length === 0) return;
    // Vitest 3 shows of an AggregateError neither the errors nor where they were made.
    if (this.problems.length === 1) throw this.problems[0]!;
    throw new AggregateError(this.problems, this.problems.map(({ message }) => message.split('\n')[0]).join('; '));
  }

  private get hasFailed(): boolean {
    return this.task.result?.state === 'fail';
  }
}

function isAboutLeftovers(problem: Error): boolean {
  return [UndeclaredErrorLogsError, UndeclaredRefusalsError, LooseEndsError].some((kind) => problem instanceof kind);
}
