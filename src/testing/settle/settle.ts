import type { Work } from '../model/work.js';
import type { Activity } from './activity.js';
import { EXPIRED, runningTime, withTimeout } from '../timing/deadline.js';
import { SettleTimeoutError } from '../report/errors.js';
import { nextTurn, pause } from '../timing/real-time.js';

/** A connection between a client of the harness and the server. */
export interface Connection {
  /** The client's name, for readers. */
  readonly name: string;
  /** Resolves when all that the client sent has reached the server, or the connection is closed. */
  fenceToServer(): Promise<void>;
  /** Resolves when all that the server sent has reached the client, or the connection is closed. */
  fenceToClient(): Promise<void>;
  /** Whether both ends agree: both connected, or both disconnected. */
  agrees(): boolean;
  /** What is wrong with the network between the ends, in words: `the link of alice is blackholed`. */
  readonly faults: readonly string[];
}

export interface SettleOptions {
  /**
   * The maximum time, in milliseconds.
   *
   * @default the app's `timeout`
   */
  timeout?: number;
  /**
   * Ignores streams that are still open, such as an Observable that a handler returned or a server-sent event stream.
   *
   * @default false
   */
  ignoreOpenStreams?: boolean;
  /**
   * Also waits for timers that handlers, hooks, HTTP requests, jobs and what they started have set.
   *
   * @default the app's `awaitTimers`
   */
  awaitTimers?: boolean;
  /** Aborts the wait. */
  signal?: AbortSignal;
}

/** What `settle` waits for. */
export interface Scene {
  activity: Activity;
  /** The current connections. */
  connections(): readonly Connection[];
  /** Whether the app has nothing to do, according to its option `idle`. */
  isIdle?(): Promise<boolean>;
  /**
   * Waits until nothing is in flight in the processes of other nodes, and counts what moved there as movements.
   *
   * @returns what is still in flight after the timeout
   */
  elsewhere?(
    options: Required<Pick<SettleOptions, 'timeout' | 'ignoreOpenStreams' | 'awaitTimers'>>,
  ): Promise<readonly Work[]>;
  /** Resolves when every node has received what the others have published. */
  crossNodes?(): Promise<unknown>;
  /** What is wrong with the network between the nodes, in words. */
  faults?(): readonly string[];
  /** Called when a round begins. @returns what is called if nothing moved in that round, so that nothing is in flight */
  onRound?(): () => void;
}

/**
 * Settles with the options of an app, which `given` overrides.
 *
 * @param timeout in milliseconds, unless `given` has another
 * @throws SettleTimeoutError that says what was still in flight
 */
export function settleAs(
  { ignoreOpenStreams, awaitTimers, signal }: Omit<SettleOptions, 'timeout'>,
  scene: Scene,
  timeout: number,
  given: SettleOptions,
): Promise<void> {
  return settle(scene, given.timeout ?? timeout, {
    ignoreOpenStreams: given.ignoreOpenStreams ?? ignoreOpenStreams,
    awaitTimers: given.awaitTimers ?? awaitTimers,
    signal: given.signal ?? signal,
  });
}

/** How long to wait before the option `idle` is checked again, in milliseconds. */
const UNTIL_ASKED_AGAIN = 5;

/** How long after the deadline another process may take to answer what is still in flight in it, in milliseconds. */
const TO_ANSWER = 1_000;

const UNANSWERED = 'not every node has answered the others: is Redis there, and is another app on its key prefix?';
const BUSY = 'a check of the option `idle` says that there is something to do';

/**
 * Resolves when nothing moves any more: all that was sent has arrived, all handlers and hooks have finished, and all
 * that they emitted has been received. It repeats its steps until nothing moved during a round.
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
    activity.idle({ ignoreOpenStreams, awaitTimers }) && scene.connections().every((connection) => connection.agrees());
  /** Whether the last check of `idle` said that the app has something to do. */
  let isBusy = false;
  const inTime = async <T>(stalled: string | undefined, step: Promise<T>): Promise<T> => {
    const began = runningTime();
    const outcome = await withTimeout(step, deadline - began, signal);
    if (outcome !== EXPIRED && runningTime() < deadline) return outcome;
    // If work keeps coming, the deadline passes in a step that is not to blame.
    const isStalled = outcome === EXPIRED && (faults().length > 0 || runningTime() - began > timeout / 2);
    throw expired(isBusy ? BUSY : isStalled ? stalled : undefined);
  };
  const faults = (): string[] => [
    ...new Set([...scene.connections().flatMap((connection) => connection.faults), ...(scene.faults?.() ?? [])]),
  ];
  const expired = (stalled?: string, elsewhere: readonly Work[] = []): SettleTimeoutError => {
    const pending = [...activity.pending({ awaitTimers }), ...elsewhere];
    const apart = scene.connections().filter((connection) => !connection.agrees());
    const names = apart.map(({ name }) => name);
    return new SettleTimeoutError(timeout, pending, names, faults(), stalled);
  };

  const fence = (direction: 'fenceToServer' | 'fenceToClient'): Promise<unknown> =>
    Promise.all(scene.connections().map((connection) => connection[direction]()));

  const quietElsewhere = async (): Promise<void> => {
    if (!scene.elsewhere) return;
    const left = Math.max(0, deadline - runningTime());
    const asked = scene.elsewhere({ timeout: left, ignoreOpenStreams, awaitTimers });
    const pending = await withTimeout(asked, left + TO_ANSWER, signal);
    if (pending === EXPIRED) throw expired(UNANSWERED);
    if (pending.length > 0) throw expired(undefined, pending);
  };

  let before: number;
  let onSettled: (() => void) | undefined;
  do {
    before = activity.moves;
    onSettled = scene.onRound?.();
    await inTime('what clients sent has not reached the server', fence('fenceToServer'));
    // The server dispatches a packet several ticks after its arrival.
    await nextTurn();
    const quiet = activity.until(() => isQuiet() || undefined, deadline - runningTime());
    await inTime(undefined, quiet);
    await quietElsewhere();
    isBusy = scene.isIdle !== undefined && !(await inTime(BUSY, scene.isIdle()));
    if (isBusy) await pause(UNTIL_ASKED_AGAIN);
    if (scene.crossNodes) await inTime(UNANSWERED, scene.crossNodes());
    await inTime('what the server sent has not reached the clients', fence('fenceToClient'));
    await nextTurn();
    await quietElsewhere();
  } while (isBusy || activity.moves !== before || !isQuiet());
  onSettled?.();
}
