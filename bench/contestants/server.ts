import { answer } from '../processes/answer.js';
import { usage } from '../processes/usage.js';
import type { ContestantName } from './contestants.js';
import { heapInUse } from './heap.js';

// A contestant, in a process of its own. What only others need is not loaded.
const boots: Record<ContestantName, (handlers: number) => Promise<number>> = {
  bare: async (handlers) => (await import('./bare.js')).bootBare(handlers),
  again: async (handlers) => (await import('./bare.js')).bootBare(handlers),
  nest: async (handlers) => (await import('./nest.js')).bootNest(handlers),
  kit: async (handlers) => (await import('./kit.js')).bootKit(handlers),
  'kit-defaults': async (handlers) => (await import('./kit.js')).bootKitWithDefaults(handlers),
  ws: async () => (await import('./ws.js')).bootWs(),
};

const questions = {
  /** Returns the port that the contestant listens on, and the milliseconds of CPU that it took to get there. */
  boot: async ({ name, handlers }: { name: ContestantName; handlers: number }) => ({
    port: await boots[name](handlers),
    cpu: usage().cpu,
  }),
  usage,
  heapInUse,
};

export type ServerQuestions = typeof questions;

answer(questions);
