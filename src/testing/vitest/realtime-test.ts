import { test as base, type TestAPI } from 'vitest';
import { startTestApp, type AppModule, type TestAppOptions } from '../app/start-test-app.js';
import type { TestApp } from '../app/test-app.js';
import type { EventsMap } from '../client/events-map.js';
import type { TestClient } from '../client/test-client.js';
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

  if (scope === 'test') {
    return base.extend<Fixtures & { run: TestRun }>({
      // The first fixture is torn down last, when every problem is known.
      run: [
        async ({ task, onTestFailed }, use) => {
          const run = TestRun.begin(task);
          onTestFailed((context) => attachTimeline(context, run.timelines, run.since));
          await use(run);
          run.end();
        },
        { auto: true },
      ],
      app: async ({ run }, use) => {
        const app = await start();
        run.tells(app.timeline);
        await use(app);
        await run.attempt(() => app.close());
      },
      connect: async ({ app }, use) => {
        await use(app.connect.bind(app));
      },
    });
  }

  let shared: App | undefined;
  return base.extend<Fixtures & { run: TestRun }>({
    run: [
      async ({ task, onTestFailed }, use) => {
        const run = TestRun.begin(task, { sharesApp: true });
        onTestFailed((context) => attachTimeline(context, run.timelines, run.since));
        if (shared) run.tells(shared.timeline);
        await use(run);
        if (shared) await leave(shared, run);
        run.end();
      },
      { auto: true },
    ],
    app: [
      // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the source which fixtures a fixture needs
      async ({}, use) => {
        const app = await start();
        shared = app;
        await use(app);
        shared = undefined;
        await app.close();
      },
      { scope },
    ],
    connect: async ({ run, app }, use) => {
      run.tells(app.timeline);
      const connecting = async (...args: Parameters<App['connect']>): Promise<unknown> => {
        const connected = await app.connect(...args);
        run.clients.push(...([connected].flat() as unknown as TestClient[]));
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
