import { onSocketIo } from '../contestants/contestants.js';
import type { WorkloadResult } from '../results/result.js';
import { overGenerations } from './generations.js';
import { inTurns } from './in-turns.js';
import { bear, type Pair, type Showing } from './pair.js';
import type { Settings } from './settings.js';
import { metricsOf, showingsOf } from './showings.js';

/** In milliseconds. */
const WARM_UP = 4_000;

/** Clients that come, 64 at a time, and then leave all at once: by websocket alone, and as they do by default. */
export async function connects(settings: Settings): Promise<WorkloadResult[]> {
  const contestants = settings.contestants.filter((name) => onSocketIo.includes(name));
  return [await measure(settings, false), await measure({ ...settings, contestants }, true)];
}

async function measure(settings: Settings, byPolling: boolean): Promise<WorkloadResult> {
  const { contestants, handlers, addresses, rounds, slice } = settings;
  const turns = await overGenerations(contestants, { ...settings, connections: 0 }, (pairs) => {
    const comeAndGo = async (pair: Pair): Promise<Record<'joined' | 'left', Showing>> => ({
      joined: await bear(pair, () => pair.load.ask('join', { milliseconds: slice, byPolling })),
      left: await bear(pair, () => pair.load.ask('leave')),
    });
    const tasks = pairs.map((pair) => [pair.name, () => comeAndGo(pair)] as const);
    return inTurns(new Map(tasks), { rounds, warmUps: WARM_UP / slice });
  });
  const each = (of: 'joined' | 'left'): Map<string, Showing[]> =>
    new Map([...turns].map(([name, all]) => [name, all.map((turn) => turn[of])]));
  const joined = showingsOf(each('joined'), { many: 'connects', one: 'connect' });
  const left = metricsOf(each('left'), { many: 'disconnects', one: 'disconnect' });
  return {
    ...joined,
    name: byPolling ? 'connects-by-default' : 'connects',
    title: `Connects and disconnects${byPolling ? ' by default transports' : ''}`,
    how: `${byPolling ? 'by polling, upgraded to websocket' : 'over websocket alone'}, from ${addresses} addresses, ${handlers} handlers`,
    metrics: [...joined.metrics, ...left],
  };
}
