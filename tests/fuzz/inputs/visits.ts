import * as fc from 'fast-check';
import type { Ending } from '../visits/link.js';
import { rawInputs, type RawInput } from './requests.js';
import { auths, namespaces, steps, type Step } from './steps.js';

/** A namespace that a client enters at first. */
export interface Entry {
  readonly namespace: string;
  /** JSON, or nothing. */
  readonly auth: string;
}

/** What one client does, from its first connection to its last. */
export type Visit =
  | {
      over: 'websocket' | 'polling';
      enters: readonly Entry[];
      steps: readonly Step[];
      together: number;
      ending: Ending;
    }
  | { over: 'tcp'; inputs: readonly RawInput[] };

const clients = fc.record({
  over: fc.constantFrom('websocket', 'websocket', 'polling'),
  enters: fc.array(fc.record({ namespace: namespaces, auth: auths }), { maxLength: 3 }),
  steps: fc.array(steps, { minLength: 1, maxLength: 40, size: 'max' }),
  /** How many steps are sent at a time. */
  together: fc.integer({ min: 1, max: 6 }),
  ending: fc.constantFrom('goodbye', 'end', 'reset'),
}) as fc.Arbitrary<Visit>;

const strangers: fc.Arbitrary<Visit> = fc.record({
  over: fc.constant('tcp' as const),
  inputs: fc.array(rawInputs, { minLength: 1, maxLength: 20, size: 'max' }),
});

export const visits: fc.Arbitrary<Visit> = fc.oneof(
  { weight: 4, arbitrary: clients },
  { weight: 1, arbitrary: strangers },
);

/** Those who are there at one time. */
export const crowds: fc.Arbitrary<readonly Visit[]> = fc.array(visits, {
  minLength: 1,
  maxLength: 40,
  size: 'max',
});
