import { mergeConfig } from 'vitest/config';
import workspace from '../../../../vitest.workspace.js';

/** The blocks of the docs; `root` is where they have been written to. */
const { projects: _projects, ...test } = workspace.test!;
export default mergeConfig(
  { plugins: workspace.plugins, resolve: workspace.resolve, test },
  {
    test: {
      projects: [
        { extends: true, test: { name: 'passes', include: ['*.passes.ts'] } },
        {
          extends: true,
          // What fails, fails at a deadline; nobody need wait for the whole of it, nor for one after the other.
          test: {
            name: 'fails',
            include: ['*.fails.ts'],
            env: { REALTIME_TIMEOUT_FACTOR: '0.1' },
            sequence: { concurrent: true },
          },
        },
      ],
    },
  },
);
