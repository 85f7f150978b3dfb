import { stripVTControlCharacters } from 'node:util';
import type { TestContext } from 'vitest';
import { toMarkdown } from '../timeline/markdown.js';
import type { Timeline } from '../timeline/timeline.js';
import { MARKDOWN, TIMELINE_ANNOTATION } from './timeline-annotation.js';

/**
 * Attaches to a failed test what happened in its apps, as Markdown.
 *
 * To be called from `onTestFailed`, which Vitest calls when the fixtures are torn down: by then the test's errors are
 * complete, those of its teardown included.
 *
 * @param since from when on what is in the timelines is this test's, in milliseconds of `performance.now()`
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
    // What others left in an app that is shared is not missing.
    const dropped = entries.length === timeline.entries.length ? timeline.dropped : 0;
    const which = told.length > 1 ? ` (app ${index + 1} of ${told.length})` : '';
    return toMarkdown(entries, dropped, { title: `${titleOf(task)}${which}`, failure });
  });
  // A text would be taken for base64.
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
 * Vitest, from 3.2 to 5, lets a test be annotated while its state is `run` only, and looks at the state before
 * anything else; it reports the annotations of failed tests all the same. Nothing runs between here that could see it.
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
