import { test as base, type TestAPI, type TestContext } from 'vitest';
import { startTestApp, type AppModule, type TestAppOptions } from '../app/start-test-app.js';
import type { TestApp } from '../app/test-app.js';
import type { EventsMap } from '../client/events-map.js';
import type { TestClient } from '../client/test-client.js';
import { now } from '../timing/real-time.js';
import { attachTimeline } from './attach-timeline.js';
import { TestRun } from './test-run.js';

export interface RealtimeTestOptions extends TestAppOptions {
  /**
   * How long an app lives: a new one for each test, or one that the tests of a file or of a worker share.
   * Clients always end with their test.
   *
   * @default 'test'
   */
  scope?: 'test' | 'file' | 'worker';
}

/** What a test gets when it destructures its first argument. */
export interface RealtimeFixtures<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
  Namespaces extends object = object,
> {
  /** The app. It starts when a test first uses it. */
  app: TestApp<ServerToClient, ClientToServer, Namespaces>;
  /** `app.connect()`. The clients are disconnected when the test ends. */
  connect: TestApp<ServerToClient, ClientToServer, Namespaces>['connect'];
}

/**
 * Vitest's `test` with an app and clients. A test also fails on assertions that it does not await, and on error logs
 * and refused events that it does not declare as expected. See `errorLogs`, `refusals` and `strict`.
 *
 * @example
 * ```ts
 * const test = realtimeTest(AppModule);
 *
 * test('greets', async ({ connect }) => {
 *   const alice = await connect();
 *   await expect(alice).toReceive('welcome');
 * });
 * ```
 */
export function realtimeTest<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
  Namespaces extends object = object,
>(
  module: AppModule,
  { scope = 'test', errorLogs = 'fail', refusals = 'fail', ...options }: RealtimeTestOptions = {},
): TestAPI<RealtimeFixtures<ServerToClient, ClientToServer, Namespaces>> {
  type App = TestApp<ServerToClient, ClientToServer, Namespaces>;
  const start = (): Promise<App> => startTestApp(module, { errorLogs, refusals, ...options });
  type Fixtures = RealtimeFixtures<ServerToClient, ClientToServer, Namespaces>;

  type Use<T> = (fixture: T) => Promise<void>;

  let shared: App | undefined;
  // The first fixture is torn down last, when every problem is known.
  const run = async ({ task, onTestFailed }: TestContext, use: Use<TestRun>): Promise<void> => {
    const begun = new TestRun(task, scope === 'test' ? 0 : now());
    onTestFailed((context) => attachTimeline(context, begun.timelines, begun.since));
    if (shared) begun.timelines.add(shared.timeline);
    await use(begun);
    if (shared) await leave(shared, begun);
    begun.end();
  };
  const ownApp = async ({ run: of }: { run: TestRun }, use: Use<App>): Promise<void> => {
    const app = await start();
    of.timelines.add(app.timeline);
    await use(app);
    await of.attempt(() => app.close());
  };
  // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the source which fixtures a fixture needs
  const sharedApp = async ({}, use: Use<App>): Promise<void> => {
    const app = await start();
    shared = app;
    await use(app);
    shared = undefined;
    await app.close();
  };
  return base.extend<Fixtures & { run: TestRun }>({
    run: [run, { auto: true }],
    app: scope === 'test' ? ownApp : [sharedApp, { scope }],
    connect: async ({ run: of, app }, use) => {
      of.timelines.add(app.timeline);
      const connecting = async (...args: Parameters<App['connect']>): Promise<unknown> => {
        const connected = await app.connect(...args);
        of.clients.push(...([connected].flat() as unknown as TestClient[]));
        return connected;
      };
      await use(connecting as App['connect']);
    },
  });
}

/** Ends a test in an app that other tests continue to use. */
async function leave(app: Pick<TestApp, 'opened' | 'leftovers' | 'release'>, run: TestRun): Promise<void> {
  // With concurrent tests, only the clients of the fixture are known to belong to this test.
  const clients = run.task.concurrent ? run.clients : [...app.opened];
  const ofTheseOnly = run.task.concurrent ?? false;
  for (const problem of await app.leftovers(clients, run.since, { ofTheseOnly })) run.notes(problem);
  await run.attempt(() => app.release(clients, run.since));
}
