import type { ConnectOptions } from '../client/connect-options.js';
import type { TestClient } from '../client/test-client.js';
import type { Conversation } from '../history/conversation.js';
import type { History } from '../history/history.js';
import { format } from '../report/format.js';
import type { SettleOptions } from '../settle/settle.js';
import { stretched } from '../timing/deadline.js';
import { pause } from '../timing/real-time.js';
import { Participant } from './participant.js';
import { planOf, type Step } from './plan.js';

/** How the clients talk, and how much. */
export interface WorkloadOptions<Client extends TestClient = TestClient> extends Conversation<Client> {
  /** The number of clients. @default 8 */
  clients?: number;
  /** The number of steps. In each, one client says something, joins, leaves, disconnects or loses its connection. @default 200 */
  steps?: number;
  /** The same seed gives the same steps. @default a random one, which a `HistoryError` names */
  seed?: number;
  /** The rooms that the clients join and leave. @default ['room-1', 'room-2', 'room-3'] */
  rooms?: readonly string[];
  /** The time between two steps, in milliseconds. @default 5 */
  pace?: number;
  /** How a client connects. By default it reconnects within a tenth of a second. @param index its number, from 0 on */
  connect?(this: void, index: number): ConnectOptions;
}

/** What a workload needs of an app or a cluster. */
interface Host<Client extends TestClient> {
  connect(this: void, options: ConnectOptions): Promise<Client>;
  readonly history: History<Client>;
}

/** After how many steps the clients pause: what has not arrived when nothing is in flight any more is lost. */
const STEPS_BETWEEN_PAUSES = 25;

/** How long a pause takes at most after one in which something stayed in flight, in milliseconds. */
const SHORT_PAUSE = 250;

const RECONNECTING: ConnectOptions = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 100 };

/**
 * Connects the clients of a workload, and begins it.
 *
 * @throws RangeError for an option that is out of its range
 */
export async function startWorkload<Client extends TestClient>(
  { connect: connectTo, history }: Host<Client>,
  {
    clients: count = 8,
    steps = 200,
    seed = Math.floor(Math.random() * 2 ** 32),
    rooms = ['room-1', 'room-2', 'room-3'],
    pace = 5,
    connect,
    ...conversation
  }: WorkloadOptions<Client>,
): Promise<Workload<Client>> {
  expectWhole({ clients: count, steps }, 1);
  expectWhole({ pace }, 0);
  if (rooms.length === 0) throw new RangeError('workload({ rooms }) needs at least one room.');
  const recorded = history.record<Conversation<Client>>(conversation);
  history.seeds.push(seed);
  const clients: Client[] = [];
  while (clients.length < count) clients.push(await connectTo({ ...RECONNECTING, ...connect?.(clients.length) }));
  const participants = clients.map((client) => new Participant(client, history.nameOf(client), recorded, rooms));
  const workload = new Workload(clients, participants, planOf(seed, steps, count), pace, history.settle);
  history.running.add(workload);
  const ended = workload.done.finally(() => history.running.delete(workload));
  // It is reported to whoever awaits `done`, and by the check.
  ended.catch((error: unknown) => history.fail(error));
  return workload;
}

function expectWhole(options: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isInteger(value) || value < least)
      throw new RangeError(`workload({ ${name} }) needs a whole number from ${least}; got ${format(value)}.`);
  }
}

/** Clients that talk, while a test does something to them or to the servers. */
export class Workload<Client extends TestClient = TestClient> {
  /**
   * Resolves when all steps are done and each client is connected again, or has left because it cannot connect.
   * Rejects with the error of a conversation's function whose client was connected all the time.
   */
  readonly done: Promise<void>;
  private step = 0;
  private longestPause: number | undefined;
  private readonly controller = new AbortController();
  private readonly waiting = new Set<() => void>();

  /** @internal Use `workload` of a cluster or an app. */
  constructor(
    readonly clients: readonly Client[],
    private readonly participants: readonly Participant<Client>[],
    private readonly plan: readonly Step[],
    private readonly pace: number,
    private readonly settle: (options: SettleOptions) => Promise<void>,
  ) {
    this.done = this.run();
  }

  /** Resolves when that many steps have begun, so that a fault can come at the same step in each run. */
  async reached(step: number): Promise<void> {
    if (step > this.plan.length)
      throw new RangeError(`The workload has ${this.plan.length} steps, so it does not reach step ${step}.`);
    while (this.step < step) {
      this.controller.signal.throwIfAborted();
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  /** @internal Ends it before its time. */
  async stop(reason: Error): Promise<void> {
    this.controller.abort(reason);
    await this.done.catch(() => {});
  }

  private async run(): Promise<void> {
    const { controller, participants } = this;
    const ongoing: Promise<void>[] = [];
    try {
      for (const step of this.plan) {
        await pause(this.pace, undefined, { signal: controller.signal }).catch(() => {});
        controller.signal.throwIfAborted();
        ongoing.push(participants[step.client]!.act(step).catch((error: unknown) => controller.abort(error)));
        this.step += 1;
        this.wake();
        if (this.step % STEPS_BETWEEN_PAUSES === 0) await this.rest();
      }
      await Promise.all(ongoing);
      controller.signal.throwIfAborted();
      await Promise.all(participants.map((participant) => participant.finish()));
    } finally {
      this.wake();
    }
  }

  /**
   * While a fault lasts, something may be in flight all the time. Then only the first pause takes the whole timeout, and
   * the next ones do not wait for clients that cannot connect.
   */
  private async rest(): Promise<void> {
    const paused = this.settle({ timeout: this.longestPause });
    this.longestPause = await paused.then(
      () => undefined,
      () => {
        for (const participant of this.participants) participant.leaveIfAway();
        return stretched(SHORT_PAUSE);
      },
    );
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
