import { startRedis } from 'nest-realtime-kit/testing/redis';
import { sum } from 'simple-statistics';
import { teams, type TeamName } from '../contestants/contestants.js';
import type { ServerQuestions } from '../contestants/server.js';
import type { Done, LoadQuestions } from '../load/generator.js';
import { Child } from '../processes/child.js';
import { metricOf } from '../results/metric.js';
import type { Metric, WorkloadResult } from '../results/result.js';
import { inTurns } from './in-turns.js';
import { generator, startServer } from './pair.js';
import type { Settings } from './settings.js';

const CONNECTIONS = 2_000;
const ALONE = 'kit';
const WARM_UPS = 2;

/** An app of one or several processes, and the load that is put on it. */
interface Team {
  name: TeamName | typeof ALONE;
  servers: Child<ServerQuestions>[];
  load: Child<LoadQuestions>;
}

interface Showing {
  /** Per second. */
  rate: number;
  /** Microseconds of CPU for each, of all its processes. */
  cpu: number;
}

/**
 * What two processes do that are one app, beside one alone. They are not bound to a core, and the generator shares the
 * cores with them.
 */
export async function severalProcesses(settings: Settings): Promise<WorkloadResult[]> {
  await using redis = await startRedis();
  process.env.REDIS_URL = redis.url;
  const echo = new Map<string, Showing[]>();
  const broadcast = new Map<string, Showing[]>();
  const milliseconds = settings.slice;
  for (let generation = 0; generation < settings.generations; generation += 1) {
    await withTeams(settings, async (all) => {
      const echoes = { event: 'echo', inFlight: 4, milliseconds };
      const broadcasts = { event: 'publish', each: 1, inFlight: 3, milliseconds };
      add(echo, await measure(all, settings, (load) => load.ask('echo', echoes)));
      add(broadcast, await measure(all, settings, (load) => load.ask('broadcast', broadcasts)));
    });
  }
  return [
    {
      name: 'several',
      title: 'One process, and two that are one app',
      how: `${CONNECTIONS.toLocaleString('en')} connections; an echo, 4 under way on each, and broadcasts to all; not bound to cores, with the generator and Redis beside them`,
      rounds: settings.generations * settings.rounds,
      metrics: [...metricsOf(echo, 'messages', 'message'), ...metricsOf(broadcast, 'deliveries', 'delivery')],
    },
  ];
}

async function withTeams(settings: Settings, run: (all: Team[]) => Promise<void>): Promise<void> {
  const all: Team[] = [];
  try {
    all.push(await startTeam(ALONE, 1, settings));
    for (const [name, { servers }] of Object.entries(teams))
      all.push(await startTeam(name as TeamName, servers, settings));
    for (const { load } of all) await load.ask('grow', CONNECTIONS);
    await run(all);
  } finally {
    await Promise.all(all.flatMap(({ servers, load }) => [...servers, load].map((child) => child.stop())));
  }
}

async function startTeam(name: Team['name'], size: number, { handlers, addresses }: Settings): Promise<Team> {
  const started = [];
  while (started.length < size) started.push(await startServer(name, handlers, 'any'));
  const args = [started.map(({ port }) => port).join(','), 'socket.io', String(addresses)];
  return {
    name,
    servers: started.map(({ child }) => child),
    load: new Child<LoadQuestions>(generator, { core: 'any', args }),
  };
}

function measure(
  all: readonly Team[],
  { rounds }: Settings,
  bear: (load: Child<LoadQuestions>) => Promise<Done>,
): Promise<Map<string, Showing[]>> {
  const tasks = all.map(({ name, servers, load }): [string, () => Promise<Showing>] => [
    name,
    async () => {
      const before = await cpuOf(servers);
      const { count, milliseconds } = await bear(load);
      return { rate: (count / milliseconds) * 1000, cpu: (((await cpuOf(servers)) - before) / count) * 1000 };
    },
  ]);
  return inTurns(new Map(tasks), { rounds, warmUps: WARM_UPS });
}

async function cpuOf(servers: readonly Child<ServerQuestions>[]): Promise<number> {
  const all = await Promise.all(servers.map((server) => server.ask('usage')));
  return sum(all.map(({ cpu }) => cpu));
}

function add(to: Map<string, Showing[]>, measured: ReadonlyMap<string, readonly Showing[]>): void {
  for (const [name, showings] of measured) to.set(name, [...(to.get(name) ?? []), ...showings]);
}

function metricsOf(showings: ReadonlyMap<string, readonly Showing[]>, many: string, one: string): Metric[] {
  const each = (of: keyof Showing): Map<string, number[]> =>
    new Map([...showings].map(([name, all]) => [name, all.map((showing) => showing[of])]));
  return [
    metricOf({ name: `${many} per second`, unit: '', better: 'more' }, each('rate'), [ALONE]),
    metricOf({ name: `CPU per ${one}`, unit: 'µs', better: 'less' }, each('cpu'), [ALONE]),
  ];
}
