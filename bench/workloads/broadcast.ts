import type { WorkloadResult } from '../results/result.js';
import { overGenerations } from './generations.js';
import { inTurns } from './in-turns.js';
import { bear } from './pair.js';
import type { Settings } from './settings.js';
import { showingsOf } from './showings.js';

const IN_FLIGHT = 3;
const WARM_UPS = 2;

/** A client's message that goes to everybody. */
export async function broadcast(settings: Settings): Promise<WorkloadResult[]> {
  const results = [await broadcastTo(1_000, settings)];
  if (settings.isLong) results.push(await broadcastTo(10_000, settings));
  return results;
}

async function broadcastTo(connections: number, settings: Settings): Promise<WorkloadResult> {
  const { contestants, rounds, slice } = settings;
  const showings = await overGenerations(contestants, { ...settings, connections }, (pairs) => {
    const tasks = pairs.map((pair) => {
      const load = () => pair.load.ask('broadcast', { inFlight: IN_FLIGHT, milliseconds: slice });
      return [pair.name, () => bear(pair, load)] as const;
    });
    return inTurns(new Map(tasks), { rounds, warmUps: WARM_UPS });
  });
  return {
    name: `broadcast-${connections}`,
    title: `Broadcast to ${connections.toLocaleString('en')}`,
    how: `a client's message that its handler emits to all, ${IN_FLIGHT} under way at once`,
    ...showingsOf(showings, { many: 'deliveries', one: 'delivery' }),
  };
}
