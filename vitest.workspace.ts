import { fileURLToPath } from 'node:url';
import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';
import { aliasesOfNest } from './tests/differential/support/nest.js';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The package's own subpaths, by which the tests import it as its users do. */
const alias = {
  'nest-realtime-kit/testing/redis/global-setup': source('src/testing/redis/global-setup.ts'),
  'nest-realtime-kit/testing/redis': source('src/testing/redis/index.ts'),
  'nest-realtime-kit/testing/vitest/reporter': source('src/testing/vitest/reporter/index.ts'),
  'nest-realtime-kit/testing/vitest': source('src/testing/vitest/index.ts'),
  'nest-realtime-kit/testing': source('src/testing/index.ts'),
  'nest-realtime-kit': source('src/websocket/index.ts'),
};

export default defineConfig({
  // SWC's inlined helper for `await using` loses the error of a block whose disposal fails too; its package does not.
  plugins: [swc.vite({ module: { type: 'es6' }, jsc: { externalHelpers: true }, sourceMaps: true })],
  resolve: { alias },
  test: {
    // Importing Nest costs 0.6 s in each isolated file; without isolation a leftover of one file shows in the next.
    isolate: false,
    // Vitest leaves one core to itself, but most of these tests wait for sockets and processes.
    maxWorkers: '100%',
    // What is polled for comes in its own time where the cores are busy.
    expect: { poll: { timeout: 5_000 } },
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.spec.ts'] } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.spec.ts'],
          globalSetup: ['tests/integration/support/build.ts', 'src/testing/redis/global-setup.ts'],
          // Some start processes; on a machine whose cores are busy each takes seconds.
          testTimeout: 60_000,
        },
      },
      // The README and the docs: their code is run, their pictures and tables are made anew. Not part of `pnpm test`.
      {
        extends: true,
        test: {
          name: 'docs',
          include: ['tests/docs/*.spec.ts'],
          globalSetup: ['tests/integration/support/build.ts', 'src/testing/redis/global-setup.ts'],
          testTimeout: 60_000,
        },
      },
      // Clusters of several nodes, most of them processes, under faults; not part of `pnpm test`.
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['tests/cluster/**/*.spec.ts'],
          globalSetup: ['tests/integration/support/build.ts', 'src/testing/redis/global-setup.ts'],
          testTimeout: 60_000,
        },
      },
      // Many clients, in processes of their own; not part of `pnpm test`.
      {
        extends: true,
        test: {
          name: 'load',
          include: ['tests/load/*.spec.ts'],
          globalSetup: ['tests/integration/support/build.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      // Takes a minute, and both cores.
      {
        extends: true,
        test: {
          name: 'fuzz',
          include: ['tests/fuzz/*.spec.ts'],
          globalSetup: ['tests/fuzz/build.ts'],
        },
      },
      // Servers as they are run: built, and started with `node`; the small app is on the packed package.
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['tests/processes/*.spec.ts'],
          globalSetup: [
            'tests/integration/support/build.ts',
            'src/testing/redis/global-setup.ts',
            'tests/package/support/tarball.ts',
          ],
          testTimeout: 60_000,
        },
      },
      // Each scenario on plain Nest and on the kit. `NEST=11` has both on that Nest, in place of the one installed here.
      {
        extends: true,
        resolve: { alias: aliasesOfNest },
        test: {
          name: 'differential',
          include: ['tests/differential/*.spec.ts'],
          globalSetup: ['tests/differential/support/install-nest.ts'],
          testTimeout: 20_000,
        },
      },
      // Packs the package and installs it into new projects; slow, so that it is not part of `pnpm test`.
      {
        extends: true,
        test: {
          name: 'package',
          include: ['tests/package/*.spec.ts'],
          globalSetup: ['tests/package/support/tarball.ts'],
          testTimeout: 130_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
