import { describe, expect, test } from 'vitest';
import { scenarios } from '../scenarios/index.js';
import { compare } from './compare.js';
import { NEST } from './nest.js';
import { observe } from './observe.js';
import { differsOn, type Transport } from './scenario.js';

/** Plays each scenario on plain Nest and on the kit: what was seen is the same, but for what the table says. */
export function compareOver(transport: Transport): void {
  describe(`by ${transport}, on Nest ${NEST}`, () => {
    for (const [theme, ofTheme] of Object.entries(scenarios)) {
      for (const scenario of ofTheme) {
        test(`${theme}: ${scenario.name}`, async () => {
          const plain = await observe(scenario, 'plain', transport);
          expect(plain, 'nothing was seen').not.toEqual({ client: [], handlers: [], log: [] });
          compare(plain, await observe(scenario, 'kit', transport), differsOn(NEST, scenario));
        });
      }
    }
  });
}
