import { join } from 'node:path';
import { tmpdir } from 'node:os';

/** The major version of Nest that the scenarios run on; the one of this repository, unless `NEST` says another. */
export const NEST = process.env.NEST === '11' ? 11 : 12;

/** Where the packages of another Nest are. */
export const OTHER_NEST = join(tmpdir(), 'nest-realtime-kit-nest-11');

const ofOtherNest = (name: string): string => join(OTHER_NEST, 'node_modules', name);

/** By what `src` and the tests find that Nest in place of this repository's, and the one copy of what comes with it. */
export const aliasesOfNest =
  NEST === 11
    ? [
        { find: /^(@nestjs\/.+|rxjs|rxjs\/.+|reflect-metadata|socket\.io)$/, replacement: ofOtherNest('$1') },
        { find: /^(class-validator|class-transformer)$/, replacement: ofOtherNest('$1') },
      ]
    : [];
