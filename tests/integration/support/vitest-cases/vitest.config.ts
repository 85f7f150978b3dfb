import { fileURLToPath } from 'node:url';
import { mergeConfig } from 'vitest/config';
import workspace from '../../../../vitest.workspace.js';

/** Tests that are meant to fail; a test of the kit runs them and reads the report. */
const { projects: _projects, ...test } = workspace.test!;
export default mergeConfig(
  { plugins: workspace.plugins, resolve: workspace.resolve, test },
  { test: { root: fileURLToPath(new URL('.', import.meta.url)), include: ['*.case.ts'] } },
);
