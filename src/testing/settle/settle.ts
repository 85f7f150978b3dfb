import type { Activity } from './activity.js';
import { EXPIRED, runningTime, withTimeout } from '../timing/deadline.js';
import { SettleTimeoutError } from '../report/errors.js';
import { nextTurn, pause } from '../timing/real-time.js';

/** A connection between a client of the harness and the server. */
export interface Link {
  /** The client's name, for readers. */
  readonly name: string;
  /** Resolves when all that the client sent has reached the server, or the connection is gone. */
  fenceToServer(): Promise<void>;
  /** Resolves when all that the server sent has reached the client, or the connection is gone. */
  fenceToClient(): Promise<void>;
  /** Whether both ends hold the same view: both connected, or both not. */
  agrees(): boolean;
}

export interface SettleOptions {
  /**
   * How long it may take, in milliseconds.
   *
   * @default the app's `timeout`
   */
  timeout?: number;
  /**
   * Passes over streams that are still open: an Observable that a handler returned, a server-sent event stream.
   *
   * @default false
   */
  ignoreOpenStreams?: boolean;
  /**
   * Waits for timers too that handlers, hooks, HTTP requests and what they started have begun.
   *
   * @default the app's `awaitTimers`
   */
  awaitTimers?: boolean;
  /** Aborts the waiting. */
  signal?: AbortSignal;
}

/** What is to come to rest. */
export interface Scene {
  activity: Activity;
  /** The connections at this moment. */
  links(): readonly Link[];
  /** Whether the app says of itself, by the option `idle`, that it has nothing to do. */
  isIdle?(): Promise<boolean>;
  /** Resolves when what each node has published has been taken in by the others. */
  crossNodes?(): Promise<unknown>;
}

/** How long it takes until the app is asked again whether it is idle, in milliseconds. */
const UNTIL_ASKED_AGAIN = 5;

const BUSY = 'a check of the option `idle` says that there is something to do';

/**
 * Resolves when nothing moves any more: all that was sent has arrived, all handlers and hooks have finished,
 * and all that they emitted is here. It goes round until a round in which nothing moved.
 *
 * @throws SettleTimeoutError that says what was still in flight
 */
export async function settle(
  scene: Scene,
  timeout: number,
  { ignoreOpenStreams = false, awaitTimers = false, signal }: Omit<SettleOptions, 'timeout'> = {},
): Promise<void> {
  const { activity } = scene;
  const deadline = runningTime() + timeout;
  const isQuiet = (): boolean =>
    activity.idle({ ignoreOpenStreams, awaitTimers }) && scene.links().every((link) => link.agrees());
  /** Whether the app has said last that it has something to do. */
  let isBusy = false;
  const inTime = async <T>(stalled: string | undefined, step: Promise<T>): Promise<T> => {
    const began = runningTime();
    const outcome = await withTimeout(step, deadline - began, signal);
    if (outcome !== EXPIRED && runningTime() < deadline) return outcome;
    const apart = scene.links().filter((link) => !link.agrees());
    throw new SettleTimeoutError(
      timeout,
      activity.pending({ awaitTimers }),
      apart.map(({ name }) => name),
      // Where things keep moving, the deadline falls into a step that is not to blame.
      isBusy ? BUSY : outcome === EXPIRED && runningTime() - began > timeout / 2 ? stalled : undefined,
    );
  };

  let before: number;
  do {
    before = activity.moves;
    await inTime(
      'what clients sent has not reached the server',
      Promise.all(scene.links().map((link) => link.fenceToServer())),
    );
    // The server dispatches a packet several ticks after it has arrived.
    await nextTurn();
    await inTime(
      undefined,
      activity.until(() => isQuiet() || undefined, deadline - runningTime()),
    );
    isBusy = scene.isIdle !== undefined && !(await inTime(BUSY, scene.isIdle()));
    if (isBusy) await pause(UNTIL_ASKED_AGAIN);
    if (scene.crossNodes)
      await inTime(
        'not every node has answered the others: is Redis there, and is another app on its key prefix?',
        scene.crossNodes(),
      );
    await inTime(
      'what the server sent has not reached the clients',
      Promise.all(scene.links().map((link) => link.fenceToClient())),
    );
    await nextTurn();
  } while (isBusy || activity.moves !== before || !isQuiet());
}
