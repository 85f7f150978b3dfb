import { onSocketIo } from '../contestants/contestants.js';
import { PUBLISHED_AT_ONCE } from '../contestants/message.js';
import type { BroadcastLoad } from '../load/broadcast.js';
import type { WorkloadResult } from '../results/result.js';
import { overGenerations } from './generations.js';
import { inTurns } from './in-turns.js';
import { bear } from './pair.js';
import type { Settings } from './settings.js';
import { showingsOf } from './showings.js';

const IN_FLIGHT = 3;
/** In milliseconds. */
const WARM_UP = 800;

/** A client's message that goes to everybody: once, and several times in one turn of the event loop. */
export async function broadcast(settings: Settings): Promise<WorkloadResult[]> {
  const results: WorkloadResult[] = [];
  for (const connections of settings.isLong ? [1_000, 10_000] : [1_000])
    results.push(await broadcastTo(connections, settings), await broadcastManyTo(connections, settings));
  return results;
}

async function broadcastTo(connections: number, settings: Settings): Promise<WorkloadResult> {
  return {
    name: `broadcast-${connections}`,
    title: `Broadcast to ${connections.toLocaleString('en')}`,
    how: `a client's message that its handler emits to all, ${IN_FLIGHT} under way at once`,
    ...(await measure({ ...settings, connections }, { event: 'publish', each: 1, inFlight: IN_FLIGHT })),
  };
}

async function broadcastManyTo(connections: number, settings: Settings): Promise<WorkloadResult> {
  const contestants = settings.contestants.filter((name) => onSocketIo.includes(name));
  const load = { event: 'publish-many', each: PUBLISHED_AT_ONCE, inFlight: 1 };
  return {
    name: `broadcast-many-${connections}`,
    title: `${PUBLISHED_AT_ONCE} broadcasts in one turn to ${connections.toLocaleString('en')}`,
    how: `a client's message on which its handler emits to all ${PUBLISHED_AT_ONCE} times, one under way at once`,
    ...(await measure({ ...settings, contestants, connections }, load)),
  };
}

async function measure(
  settings: Settings,
  of: Omit<BroadcastLoad, 'milliseconds'>,
): Promise<Pick<WorkloadResult, 'rounds' | 'metrics' | 'busy'>> {
  const { contestants, rounds, slice } = settings;
  const showings = await overGenerations(contestants, settings, (pairs) => {
    const tasks = pairs.map((pair) => {
      const load = () => pair.load.ask('broadcast', { ...of, milliseconds: slice });
      return [pair.name, () => bear(pair, load)] as const;
    });
    return inTurns(new Map(tasks), { rounds, warmUps: WARM_UP / slice });
  });
  return showingsOf(showings, { many: 'deliveries', one: 'delivery' });
}
