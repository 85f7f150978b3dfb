import type { Server as HttpServer } from 'node:http';
import type { Socket } from '../../websocket/index.js';
import { DeadlineError, LeftoverClientError, TeardownError } from '../report/errors.js';
import { showWorks } from '../report/format.js';
import { EXPIRED, withTimeout } from '../timing/deadline.js';
import type { Clients } from './clients.js';
import { lateErrors } from './leftovers.js';
import type { RunningApp } from './running-app.js';

/**
 * Closes an app. Every step runs, even if an earlier one fails.
 *
 * @throws TeardownError with everything that was left behind or did not end
 */
export async function closeApp(
  running: RunningApp,
  url: string,
  clients: Clients,
  /** The problems that are already known. */
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
  problems.push(...(await clients.disconnect()));
  await attempt(() => expectNoSockets(running));
  await attempt(() => closeNest(running));
  problems.push(...lateErrors(running));
  await attempt(() => running.release());
  await attempt(() => running.cluster?.forgetClosed());
  problems.push(...observer.failures);
  if (problems.length > 0) throw new TeardownError(`The app at ${url}`, problems);
}

/** How long a client that other code has disconnected may take to be gone, in milliseconds. */
const LEAVING = 100;

/** Code that opens a client by other means has to close it. Otherwise the client leaks into the next test. */
async function expectNoSockets({ observer, activity, timeout, cluster }: RunningApp): Promise<void> {
  const spread = cluster?.spread() ?? new Set();
  const remaining = (): readonly Socket[] =>
    observer.connected.filter((socket) => !spread.has(observer.nameOf(socket)));
  // A client that failed to connect is gone too, but the server may notice that a little later.
  await activity.until(() => remaining().every((socket) => observer.isForeign(socket)) || undefined, timeout);
  // So is a client that other code has just disconnected.
  await activity.until(() => remaining().length === 0 || undefined, LEAVING);
  const left = remaining();
  if (left.length === 0) return;
  for (const socket of left) socket.disconnect(true);
  await activity.until(() => activity.idle() || undefined, timeout);
  throw new LeftoverClientError(left.map(({ id, nsp }) => `${id} on namespace ${nsp.name}`));
}

async function closeNest({ nest, activity, timeout }: RunningApp): Promise<void> {
  // The test may have closed it already, and Nest would run every shutdown hook again.
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
