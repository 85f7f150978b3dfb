import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { RealtimeReporterOptions } from '../../../../src/testing/vitest/reporter/index.js';
import workspace from '../../../../vitest.workspace.js';

const { OPTIONS = '{}' } = process.env;

/** Each file runs in both kinds of workers. */
export default defineConfig({
  plugins: workspace.plugins,
  resolve: workspace.resolve,
  test: {
    root: fileURLToPath(new URL('.', import.meta.url)),
    reporters: [
      [
        'nest-realtime-kit/testing/vitest/reporter',
        { coverage: JSON.parse(OPTIONS) as RealtimeReporterOptions['coverage'] },
      ],
    ],
    projects: (['forks', 'threads'] as const).map((pool) => ({
      extends: true,
      test: { name: pool, pool, include: ['*.case.ts'] },
    })),
  },
});
