import { randomOf } from './random.js';

/** What a client does. `lose` closes its connection, and it reconnects by itself; `disconnect` is for good. */
export type Action = 'say' | 'join' | 'leave' | 'lose' | 'disconnect';

/** One step of a workload. */
export interface Step {
  /** The number of the client, from 0 on. */
  readonly client: number;
  readonly action: Action;
  /** Selects a room, from 0 up to 1. */
  readonly room: number;
  /** How many messages it says, one after the other. */
  readonly messages: number;
}

/** How often each action comes. */
const WEIGHTS: Record<Action, number> = { say: 60, join: 16, leave: 8, lose: 12, disconnect: 4 };

const BAG = Object.entries(WEIGHTS).flatMap(([action, weight]) =>
  Array.from({ length: weight }, () => action as Action),
);

const MAX_MESSAGES = 3;

/** The steps of a workload: the same for the same seed. */
export function planOf(seed: number, steps: number, clients: number): Step[] {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  return Array.from({ length: steps }, () => ({
    client: below(clients),
    action: BAG[below(BAG.length)]!,
    room: random(),
    messages: 1 + below(MAX_MESSAGES),
  }));
}
