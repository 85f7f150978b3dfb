import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { differences } from './differences.js';
import { scenarios } from './scenarios/index.js';
import { pageOf } from './support/page.js';
import { NEST, OTHER_NEST } from './support/nest.js';
import { differsOn } from './support/scenario.js';

const all = Object.values(scenarios).flat();
const rowsOn = (nest: 11 | 12): Set<string> =>
  new Set(all.flatMap((scenario) => differsOn(nest, scenario)?.rows ?? []));

test('docs/reference/differences.md matches the table of differences', async () => {
  const page = new URL('../../docs/reference/differences.md', import.meta.url).pathname;
  const formatted = await format(pageOf(differences), { ...(await resolveConfig(page)), filepath: page });
  await expect(formatted).toMatchFileSnapshot(page);
});

test('every row of the table belongs to a scenario on the Nest versions that the row names', () => {
  for (const nest of [11, 12] as const) {
    const rows = Object.entries(differences).filter(([, row]) => row.nest === undefined || row.nest === nest);
    expect([...rowsOn(nest)].toSorted()).toEqual(rows.map(([id]) => id).toSorted());
  }
});

test('there are at least 100 scenarios, each with a unique name', () => {
  expect(all.length).toBeGreaterThanOrEqual(100);
  const names = all.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test(`a single copy of Nest ${NEST} is loaded`, async () => {
  const { version } = createRequire(NEST === 11 ? `${OTHER_NEST}/` : import.meta.url)('@nestjs/core/package.json') as {
    version: string;
  };
  expect(version).toMatch(new RegExp(`^${NEST}\\.`));
  const { IoAdapter } = await import('@nestjs/platform-socket.io');
  const { WebsocketAdapter } = await import('nest-realtime-kit');
  const { Server } = await import('socket.io');
  expect(WebsocketAdapter.prototype).toBeInstanceOf(IoAdapter);
  expect(new IoAdapter(createServer()).createIOServer(0)).toBeInstanceOf(Server);
});
