import { test as base } from 'vitest';
import type { TestAPI } from 'vitest';
import { now } from '../settle/real-time.js';
import { startTestApp } from '../app/start-test-app.js';
import type { AppModule, TestAppOptions } from '../app/start-test-app.js';
import type { TestApp } from '../app/test-app.js';
import type { EventsMap } from '../app/events.js';
import type { TestClient } from '../app/test-client.js';
import { takeForgotten } from '../statements/forgotten.js';

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
> {
  /** The app, started when a test first asks for it. */
  app: TestApp<ServerToClient, ClientToServer>;
  /** `app.connect()`; the clients are disconnected when the test ends. */
  connect: TestApp<ServerToClient, ClientToServer>['connect'];
}

/**
 * Vitest's `test` with an app and clients.
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
>(
  module: AppModule,
  { scope = 'test', ...options }: RealtimeTestOptions = {},
): TestAPI<RealtimeFixtures<ServerToClient, ClientToServer>> {
  return base.extend<RealtimeFixtures<ServerToClient, ClientToServer> & { everyExpectationAwaited: void }>({
    app: [
      // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the source which fixtures a fixture needs
      async ({}, use) => {
        const app = await startTestApp<ServerToClient, ClientToServer>(module, options);
        await use(app);
        await app.close();
      },
      { scope },
    ],
    connect: async ({ app }, use) => {
      const clients: TestClient<ServerToClient, ClientToServer>[] = [];
      const connecting = async (...args: Parameters<typeof app.connect>): Promise<unknown> => {
        const connected = await app.connect(...args);
        clients.push(...[connected].flat());
        return connected;
      };
      await use(connecting as typeof app.connect);
      await Promise.all(clients.map((client) => client.disconnect()));
    },
    everyExpectationAwaited: [
      async ({ task }, use) => {
        if (scope !== 'test') sharedSince.set(task, now());
        await use();
        const forgotten = takeForgotten(task);
        if (forgotten.length > 0) throw new AggregateError(forgotten, 'Expectations were not awaited');
      },
      { auto: true },
    ],
  });
}

/** When each test began whose app is older than itself. */
const sharedSince = new WeakMap<object, number>();

/** From when on an app's log entries are this test's, in milliseconds of `performance.now()`. */
export function logsSince(test: object | undefined): number {
  return (test && sharedSince.get(test)) ?? 0;
}
