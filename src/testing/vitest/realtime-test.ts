import { test as base, type TestAPI } from 'vitest';
import { startTestApp, type AppModule, type TestAppOptions } from '../app/start-test-app.js';
import type { TestApp } from '../app/test-app.js';
import type { EventsMap } from '../client/events-map.js';
import type { TestClient } from '../client/test-client.js';
import { attachTimeline } from './attach-timeline.js';
import { TestRun } from './test-run.js';

export interface RealtimeTestOptions extends TestAppOptions {
  /**
   * How long an app lives: a new one for each test, or one that the tests of a file, or of a worker, share.
   * Clients live as long as their test in any case.
   *
   * @default 'test'
   */
  scope?: 'test' | 'file' | 'worker';
}

/** What a test gets, by destructuring its first argument. */
export interface RealtimeFixtures<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
  Namespaces extends object = object,
> {
  /** The app, started when a test first asks for it. */
  app: TestApp<ServerToClient, ClientToServer, Namespaces>;
  /** `app.connect()`; the clients are disconnected when the test ends. */
  connect: TestApp<ServerToClient, ClientToServer, Namespaces>['connect'];
}

/**
 * Vitest's `test` with an app and clients. A test fails, too, on expectations that it has not awaited, and on errors that
 * the server logged and events that it refused where the test has not declared them as expected; see `errorLogs`,
 * `refusals` and `strict`.
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
      // The first to be set up is the last to be torn down: by then all is known that went wrong.
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

/** Ends what a test has begun in an app that others go on to use. */
async function leave(app: Pick<TestApp, 'opened' | 'leftovers' | 'release'>, run: TestRun): Promise<void> {
  // Of tests that run at the same time, only what the fixture has connected can be told apart.
  const clients = run.task.concurrent ? run.clients : [...app.opened];
  const ofTheseOnly = run.task.concurrent ?? false;
  for (const problem of await app.leftovers(clients, run.since, { ofTheseOnly })) run.notes(problem);
  await run.attempt(() => app.release(clients, run.since));
}
