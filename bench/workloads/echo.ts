import { onSocketIo } from '../contestants/contestants.js';
import type { WorkloadResult } from '../results/result.js';
import { overGenerations } from './generations.js';
import { inTurns } from './in-turns.js';
import { bear } from './pair.js';
import type { Settings } from './settings.js';
import { showingsOf } from './showings.js';

/** In milliseconds. */
const WARM_UP = 1_200;
/** With fewer messages under way there is less to be had from what is done for several at once. */
const FEW = [4, 1];

/** A message, and its ack: with a plain handler, many and few under way, and with one that has a guard and a pipe. */
export async function echo(settings: Settings): Promise<WorkloadResult[]> {
  const results = [await measure('echo', settings), await measure('guarded', settings)];
  for (const inFlight of FEW) results.push(await measure('echo', { ...settings, inFlight }));
  return [...results, await measureByPolling({ ...settings, inFlight: FEW[0]! })];
}

const titles = { echo: 'Echo with ack', guarded: 'Echo through a guard and a pipe' };

async function measure(event: keyof typeof titles, settings: Settings): Promise<WorkloadResult> {
  const { handlers, connections, inFlight, rounds, slice } = settings;
  const isFew = FEW.includes(inFlight);
  const contestants = event === 'echo' ? settings.contestants : settings.contestants.filter(isOnSocketIo);
  const showings = await overGenerations(contestants, settings, (pairs) => {
    const tasks = pairs.map((pair) => {
      const load = () => pair.load.ask('echo', { event, inFlight, milliseconds: slice });
      return [pair.name, () => bear(pair, load)] as const;
    });
    return inTurns(new Map(tasks), { rounds, warmUps: WARM_UP / slice });
  });
  return {
    name: event === 'echo' ? (isFew ? `echo-${inFlight}` : 'echo') : 'echo-guarded',
    title: titles[event] + (isFew ? `, ${inFlight} under way` : ''),
    how: `${connections.toLocaleString('en')} connections with ${inFlight} messages under way on each, ${handlers} handlers`,
    ...showingsOf(showings, { many: 'messages', one: 'message' }),
  };
}

async function measureByPolling(settings: Settings): Promise<WorkloadResult> {
  const { handlers, connections, inFlight, rounds, slice } = settings;
  const contestants = settings.contestants.filter(isOnSocketIo);
  const showings = await overGenerations(contestants, { ...settings, connections: 0 }, async (pairs) => {
    for (const { load } of pairs) await load.ask('poll', connections);
    const tasks = pairs.map((pair) => {
      const load = () => pair.load.ask('echoByPolling', { event: 'echo', inFlight, milliseconds: slice });
      return [pair.name, () => bear(pair, load)] as const;
    });
    return inTurns(new Map(tasks), { rounds, warmUps: WARM_UP / slice });
  });
  return {
    name: 'echo-polling',
    title: `Echo over polling`,
    how: `${connections.toLocaleString('en')} sessions with ${inFlight} messages in a request, ${handlers} handlers`,
    ...showingsOf(showings, { many: 'messages', one: 'message' }),
  };
}

function isOnSocketIo(name: Settings['contestants'][number]): boolean {
  return onSocketIo.includes(name);
}
