import { onSocketIo } from '../contestants/contestants.js';
import type { WorkloadResult } from '../results/result.js';
import { overGenerations } from './generations.js';
import { inTurns } from './in-turns.js';
import { bear, type Pair, type Showing } from './pair.js';
import type { Settings } from './settings.js';
import { showingsOf } from './showings.js';

const WARM_UPS = 3;

/** A message, and its ack: with a plain handler, and with one that has a guard and a pipe. */
export async function echo(settings: Settings): Promise<WorkloadResult[]> {
  const { contestants, handlers, connections, inFlight } = settings;
  const how = `${connections.toLocaleString('en')} connections with ${inFlight} messages under way on each, ${handlers} handlers`;
  const withGuards = contestants.filter((name) => onSocketIo.includes(name));
  const units = { many: 'messages', one: 'message' };
  const plain = await overGenerations(contestants, settings, echoed('echo', settings));
  const guarded = await overGenerations(withGuards, settings, echoed('guarded', settings));
  return [
    { name: 'echo', title: 'Echo with ack', how, ...showingsOf(plain, units) },
    {
      name: 'echo-guarded',
      title: 'Echo through a guard and a pipe',
      how,
      ...showingsOf(guarded, units),
    },
  ];
}

function echoed(event: string, { inFlight, rounds, slice }: Settings) {
  return (pairs: Pair[]): Promise<Map<Pair['name'], Showing[]>> => {
    const tasks = pairs.map((pair) => {
      const load = () => pair.load.ask('echo', { event, inFlight, milliseconds: slice });
      return [pair.name, () => bear(pair, load)] as const;
    });
    return inTurns(new Map(tasks), { rounds, warmUps: WARM_UPS });
  };
}
