import type { WorkloadResult } from '../results/result.js';
import { overGenerations } from './generations.js';
import { inTurns } from './in-turns.js';
import { bear, type Pair, type Showing } from './pair.js';
import type { Settings } from './settings.js';
import { metricsOf, showingsOf } from './showings.js';

const WARM_UPS = 12;

/** Clients that come, 64 at a time, and then leave all at once. */
export async function connects(settings: Settings): Promise<WorkloadResult[]> {
  const { contestants, handlers, addresses, rounds, slice } = settings;
  const turns = await overGenerations(contestants, { ...settings, connections: 0 }, (pairs) => {
    const tasks = pairs.map((pair) => [pair.name, () => comeAndGo(pair, slice)] as const);
    return inTurns(new Map(tasks), { rounds, warmUps: WARM_UPS });
  });
  const each = (of: 'joined' | 'left'): Map<string, Showing[]> =>
    new Map([...turns].map(([name, all]) => [name, all.map((turn) => turn[of])]));
  const joined = showingsOf(each('joined'), { many: 'connects', one: 'connect' });
  const left = metricsOf(each('left'), { many: 'disconnects', one: 'disconnect' });
  const how = `over websocket alone, from ${addresses} addresses, ${handlers} handlers`;
  return [
    {
      ...joined,
      name: 'connects',
      title: 'Connects and disconnects',
      how,
      metrics: [...joined.metrics, ...left],
    },
  ];
}

async function comeAndGo(pair: Pair, milliseconds: number): Promise<{ joined: Showing; left: Showing }> {
  const joined = await bear(pair, () => pair.load.ask('join', milliseconds));
  const left = await bear(pair, () => pair.load.ask('leave'));
  return { joined, left };
}
