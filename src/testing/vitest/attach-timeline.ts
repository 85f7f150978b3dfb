import { stripVTControlCharacters } from 'node:util';
import type { TestContext } from 'vitest';
import { toMarkdown } from '../timeline/markdown.js';
import type { Timeline } from '../timeline/timeline.js';
import { MARKDOWN, TIMELINE_ANNOTATION } from './timeline-annotation.js';

/**
 * Attaches the timelines of a failed test's apps to the test, as Markdown.
 *
 * Call it from `onTestFailed`. Vitest calls that after it has torn down the fixtures, so the test's errors include
 * those of the teardown.
 *
 * @param since entries from this time on belong to this test, in milliseconds of `performance.now()`
 */
export async function attachTimeline(
  { task, annotate }: Pick<TestContext, 'task' | 'annotate'>,
  timelines: Iterable<Timeline>,
  since = 0,
): Promise<void> {
  const told = [...timelines].filter(({ isOn }) => isOn);
  if (told.length === 0 || task.fails) return;
  const failure = (task.result?.errors ?? []).map(({ message }) => stripVTControlCharacters(message)).join('\n\n');
  const documents = told.map((timeline, index) => {
    const entries = timeline.since(since);
    // In a shared app, the dropped entries belong to other tests.
    const dropped = entries.length === timeline.entries.length ? timeline.dropped : 0;
    const which = told.length > 1 ? ` (app ${index + 1} of ${told.length})` : '';
    return toMarkdown(entries, dropped, { title: `${titleOf(task)}${which}`, failure });
  });
  // Vitest would take a string for base64.
  const body = new TextEncoder().encode(documents.join('\n'));
  await whileItRuns(task, () =>
    annotate(
      'What happened in the app is attached. The reporter nest-realtime-kit/testing/vitest/reporter writes it to a file.',
      TIMELINE_ANNOTATION,
      { body, contentType: MARKDOWN },
    ),
  );
}

/** The names of the suites and of the test. */
function titleOf({ name, suite }: { name: string; suite?: TestContext['task']['suite'] }): string {
  return suite?.name ? `${titleOf(suite)} > ${name}` : name;
}

/**
 * Vitest 3.2 to 5 accepts annotations only while the test's state is `run`, and checks the state first of all. It still
 * reports annotations of failed tests. No other code runs while the state is changed here.
 * https://github.com/vitest-dev/vitest/blob/v4.1.0/packages/runner/src/context.ts (`context.annotate`)
 */
function whileItRuns<T>({ result }: TestContext['task'], annotate: () => Promise<T>): Promise<T> {
  if (!result) return annotate();
  const { state } = result;
  result.state = 'run';
  try {
    return annotate();
  } finally {
    result.state = state;
  }
}
