import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { CoverageReporter } from '../../../../src/testing/vitest/coverage-reporter.js';
import type { CoverageReporterOptions } from '../../../../src/testing/vitest/coverage-reporter.js';
import workspace from '../../../../vitest.workspace.js';

const { OPTIONS = '{}' } = process.env;

/** Each file runs in both kinds of workers. */
export default defineConfig({
  plugins: workspace.plugins,
  resolve: workspace.resolve,
  test: {
    root: fileURLToPath(new URL('.', import.meta.url)),
    reporters: [new CoverageReporter(JSON.parse(OPTIONS) as CoverageReporterOptions)],
    projects: (['forks', 'threads'] as const).map((pool) => ({
      extends: true,
      test: { name: pool, pool, include: ['*.case.ts'] },
    })),
  },
});
