import { quantile } from 'simple-statistics';
import type { Wire } from '../contestants/contestants.js';
import { answer } from '../processes/answer.js';
import { usage } from '../processes/usage.js';
import { broadcast, type BroadcastLoad } from './broadcast.js';
import { Connections } from './connections.js';
import { echoByPolling } from './echo-by-polling.js';
import { echo, type EchoLoad } from './echo.js';
import { dialects } from './wires.js';

// The load on one contestant, in a process of its own.
const [ports, wire, addresses] = process.argv.slice(2) as [string, Wire, string];
const connections = new Connections({ ports: ports.split(',').map(Number), wire, addresses: Number(addresses) });
const dialect = dialects[wire];

/** More at a time would be a load of another kind. */
const MOST_JOINS = 2_000;

/** What a load has done. */
export interface Done {
  count: number;
  /** From its first byte until its last answer. */
  milliseconds: number;
  /** Milliseconds of CPU that the generator itself has used meanwhile. */
  cpu: number;
  /** How long an answer took, where it is one that is awaited, in milliseconds: of half of them, and of 99 in 100. */
  latency?: { p50: number; p99: number };
}

async function done(load: () => Promise<number>): Promise<Done> {
  const [start, before] = [performance.now(), usage()];
  const count = await load();
  return { count, milliseconds: performance.now() - start, cpu: usage().cpu - before.cpu };
}

async function answered(load: () => Promise<number[]>): Promise<Done> {
  let latencies: number[] = [];
  const result = await done(async () => (latencies = await load()).length);
  const [p50, p99] = quantile(latencies, [0.5, 0.99]) as [number, number];
  return { ...result, latency: { p50, p99 } };
}

const questions = {
  /** Opens connections until there are as many. */
  grow: (size: number) =>
    done(async () => {
      const missing = size - connections.open.length;
      await connections.join((begun) => begun < missing);
      return missing;
    }),

  /** Opens connections for so many milliseconds, or until there are very many. */
  join: ({ milliseconds, byPolling }: { milliseconds: number; byPolling: boolean }) =>
    done(async () => {
      const end = performance.now() + milliseconds;
      const areMoreWanted = (begun: number): boolean => begun < MOST_JOINS && performance.now() < end;
      await connections.join(areMoreWanted, byPolling);
      return connections.open.length;
    }),

  /** Opens sessions that poll until there are as many. */
  poll: (size: number) => connections.poll(size),

  /** Closes every connection. */
  leave: () =>
    done(async () => {
      const count = connections.open.length;
      await connections.leave();
      return count;
    }),

  echo: (load: EchoLoad) => answered(() => echo(connections.open, dialect, load)),
  echoByPolling: (load: EchoLoad) => answered(() => echoByPolling(connections.polling, dialect, load)),
  broadcast: (load: BroadcastLoad) => done(() => broadcast(connections.open, dialect, load)),
};

export type LoadQuestions = typeof questions;

answer(questions);
