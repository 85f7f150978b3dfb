import { answer } from '../processes/answer.js';
import { usageWithWorkers } from '../processes/workers.js';
import type { ContestantName, TeamName } from './contestants.js';
import { heapInUse } from './heap.js';

// A contestant, in a process of its own. What only others need is not loaded.
const boots: Record<ContestantName | TeamName, (handlers: number) => Promise<number>> = {
  bare: async (handlers) => (await import('./bare.js')).bootBare(handlers),
  again: async (handlers) => (await import('./bare.js')).bootBare(handlers),
  nest: async (handlers) => (await import('./nest.js')).bootNest(handlers),
  kit: async (handlers) => (await import('./kit.js')).bootKit(handlers),
  'kit-defaults': async (handlers) => (await import('./kit.js')).bootKitWithDefaults(handlers),
  'kit-cluster': async (handlers) => (await import('./cluster.js')).bootCluster(handlers),
  'kit-redis': async (handlers) => (await import('./kit.js')).bootKitOnRedis(handlers),
  ws: async () => (await import('./ws.js')).bootWs(),
};

const questions = {
  /** Returns the port that the contestant listens on, and the milliseconds of CPU that it took to get there. */
  boot: async ({ name, handlers }: { name: ContestantName | TeamName; handlers: number }) => ({
    port: await boots[name](handlers),
    cpu: (await usageWithWorkers()).cpu,
  }),
  usage: usageWithWorkers,
  heapInUse,
};

export type ServerQuestions = typeof questions;

answer(questions);
