import type { Server as HttpServer } from 'node:http';
import { DeadlineError, LeftoverClientError, TeardownError, UndeclaredErrorLogsError } from '../report/errors.js';
import { showWorks } from '../report/format.js';
import { EXPIRED, withTimeout } from '../timing/deadline.js';
import type { RunningApp } from './running-app.js';
import type { TestClient } from '../client/test-client.js';

/**
 * Closes an app: every step is taken, whatever the others come to.
 *
 * @throws TeardownError with everything that was left behind, or did not come to an end
 */
export async function closeApp(
  running: RunningApp,
  url: string,
  clients: Iterable<TestClient>,
  /** What is known already to be wrong. */
  found: readonly Error[],
): Promise<void> {
  const { observer } = running;
  const problems = [...found];
  const attempt = async (step: () => unknown): Promise<void> => {
    try {
      await step();
    } catch (error) {
      problems.push(error instanceof Error ? error : new Error(String(error)));
    }
  };
  await Promise.all([...clients].map((client) => attempt(() => client.disconnect())));
  await attempt(() => expectNoSockets(running));
  await attempt(() => closeNest(running));
  await attempt(() => expectNoErrors(running));
  await attempt(() => observer.uninstall());
  await attempt(() => running.release());
  await attempt(() => running.cluster?.forgetClosed());
  problems.push(...observer.failures);
  if (problems.length > 0) throw new TeardownError(`The app at ${url}`, problems);
}

/** What is logged while clients leave and the app is closed. */
function expectNoErrors({ errorLogs, logs }: RunningApp): void {
  const errors = errorLogs === 'fail' ? logs.undeclaredErrors(0) : [];
  if (errors.length > 0) throw new UndeclaredErrorLogsError(errors);
}

/** How long a client may take to have left that somebody else has disconnected, in milliseconds. */
const LEAVING = 100;

/** Whoever opened a client by other means has to close it: left behind, it would leak into the next test. */
async function expectNoSockets({ observer, activity, timeout }: RunningApp): Promise<void> {
  // A client that was given up while it connected has left too; the server may notice a little later.
  await activity.until(() => observer.connected.every((socket) => observer.isForeign(socket)) || undefined, timeout);
  // So has one that somebody else has just disconnected.
  await activity.until(() => observer.connected.length === 0 || undefined, LEAVING);
  const left = observer.connected;
  if (left.length === 0) return;
  for (const socket of left) socket.disconnect(true);
  await activity.until(() => activity.idle() || undefined, timeout);
  throw new LeftoverClientError(left.map(({ id, nsp }) => `${id} on namespace ${nsp.name}`));
}

async function closeNest({ nest, activity, timeout }: RunningApp): Promise<void> {
  // The test may have closed it already; Nest would run every shutdown hook again.
  if (!(nest.getHttpServer() as HttpServer).listening) return;
  const closed = nest.close();
  if ((await withTimeout(closed, timeout)) !== EXPIRED) return;
  const error = new DeadlineError('app.close() was to end', timeout, {
    'still in flight': showWorks(activity.work),
    note: 'Its connections were cut. An HTTP request or an onModuleDestroy that never ends keeps an app open.',
  });
  (nest.getHttpServer() as HttpServer).closeAllConnections();
  await withTimeout(closed, timeout);
  throw error;
}
