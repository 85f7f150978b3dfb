import { parseArgs } from 'node:util';
import { contestantNames, contestants, type ContestantName } from './contestants/contestants.js';
import { MOST_SLOTS } from './load/wires.js';
import type { Settings } from './workloads/settings.js';
import { all, quick, workloads } from './workloads/workloads.js';

const GENERATIONS = 3;
const ROUNDS = 24;
/** To see that nothing has gone badly wrong, little is enough. */
const QUICK = { generations: 1, rounds: 6 };

export const usage = `pnpm bench [workload …] [options]
pnpm bench report              writes the tables and plots of docs/ from bench/results

  workloads: ${Object.keys(workloads).join(', ')};
    none for ${all.join(', ')}: a full run, kept in bench/results;
    quick for ${quick.join(', ')} in some minutes, to see that nothing has gone badly wrong
  --only ${contestantNames.join(',')}
                               who is measured; ratios need bare, nest or both
  --generations ${GENERATIONS}              processes of each; ${QUICK.generations} when quick
  --rounds ${ROUNDS}                  how often each of these has its turn; ${QUICK.rounds} when quick
  --slice 100                  how long a turn is, in milliseconds
  --handlers 20                handlers of a gateway, 4 or more
  --connections 50             connections that send messages
  --in-flight 32               messages under way on each of them, ${MOST_SLOTS} at most
  --addresses 1000             addresses that connections come from, 10000 at most
  --long                       broadcasts to 10,000 too, and heap up to 10,000 connections
  --node /path/to/node         runs everything on this Node`;

/** What a run is to do. */
export interface Run {
  /** The names of the workloads. */
  chosen: string[];
  settings: Settings;
  /** Everything is measured, so that the result is one to keep. */
  isFull: boolean;
  /** The Node to run on instead. */
  node: string | undefined;
}

/**
 * Reads the command line.
 *
 * @throws Error that says what is wrong with it
 */
export function readOptions(args: string[]): Run {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      only: { type: 'string', default: contestantNames.join(',') },
      generations: { type: 'string' },
      rounds: { type: 'string' },
      slice: { type: 'string', default: '100' },
      handlers: { type: 'string', default: '20' },
      connections: { type: 'string', default: '50' },
      'in-flight': { type: 'string', default: '32' },
      addresses: { type: 'string', default: process.platform === 'linux' ? '1000' : '1' },
      long: { type: 'boolean', default: false },
      node: { type: 'string' },
    },
  });
  const chosen = positionals.flatMap((name) => (name === 'quick' ? quick : name));
  const only = values.only.split(',');
  expectOneOf('workload', chosen, Object.keys(workloads));
  expectOneOf('contestant', only, contestantNames);
  const isFull = chosen.length === 0;
  const usual = positionals.includes('quick') ? QUICK : { generations: GENERATIONS, rounds: ROUNDS };
  return {
    chosen: isFull ? all : chosen,
    isFull: isFull && only.length === Object.keys(contestants).length,
    node: values.node,
    settings: {
      contestants: only as ContestantName[],
      generations: whole('generations', values.generations ?? String(usual.generations), { least: 1 }),
      rounds: whole('rounds', values.rounds ?? String(usual.rounds), { least: 1 }),
      slice: whole('slice', values.slice, { least: 10 }),
      handlers: whole('handlers', values.handlers, { least: 4 }),
      connections: whole('connections', values.connections, { least: 1 }),
      inFlight: whole('in-flight', values['in-flight'], { least: 1, most: MOST_SLOTS }),
      addresses: whole('addresses', values.addresses, { least: 1, most: 10_000 }),
      isLong: values.long,
    },
  };
}

function expectOneOf(what: string, names: string[], known: string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no ${what} "${unknown}". There are: ${known.join(', ')}.`);
  }
}

function whole(option: string, value: string, { least, most = Infinity }: { least: number; most?: number }): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  const range = most === Infinity ? `${least} or more` : `from ${least} to ${most}`;
  throw new Error(`--${option} is ${value}; expected a whole number, ${range}.`);
}
