import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import type { PrivateMembers } from '../../src/websocket/errors/unknown-internals.js';
import { NEST_MEMBERS } from '../../src/websocket/nest/pipeline.js';
import { connectionInMemory } from '../../src/websocket/socket-io/connection-in-memory.js';
import * as gateway from '../../src/websocket/socket-io/private-members.js';
import { NEST_MEMBERS as HARNESS_NEST_MEMBERS } from '../../src/testing/nest/internals.js';
import * as harness from '../../src/testing/socket-io/private-members.js';
import { isWhole } from './support/matrix.js';

const support = (name: string): string => fileURLToPath(new URL(`support/renamed-members/${name}`, import.meta.url));

/** Starts an app on packages of which one has a member renamed, as in `socket.io/Socket#run`. @returns what it says */
async function startWithout(member: string, script: string): Promise<string> {
  const args = ['--import', support('rename.js'), support(script)];
  const env = { PATH: process.env.PATH, RENAME: member };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 60_000 });
  return stdout;
}

const socket = await connectionInMemory();
const clients = [harness.openNowhere('websocket'), harness.openNowhere('polling')] as const;

const inGateway = named({ ...gateway.membersOf(socket), ...NEST_MEMBERS });
const inHarness = named({ ...HARNESS_NEST_MEMBERS, ...harness.membersOf(socket, ...clients) });

/** As in `socket.io/Socket#run`. */
function named(members: PrivateMembers): string[] {
  return Object.entries(members).flatMap(([packageName, classes]) =>
    classes.flatMap(([type, ...names]) =>
      names.map((name) => `${packageName}/${(type as { name: string }).name}#${name}`),
    ),
  );
}

test('an app starts that is bundled and minified, where classes and variables have other names', async () => {
  const bundle = await rolldown({
    input: support('gateway.js'),
    platform: 'node',
    // Nest and the kit load these if they are there.
    external: [
      /^@nestjs\/(microservices|platform-fastify)/,
      /^class-/,
      /^@fastify\//,
      'redis',
      '@socket.io/redis-adapter',
    ],
    logLevel: 'silent',
  });
  const dir = fileURLToPath(new URL('../../dist/bundled', import.meta.url));
  await bundle.write({ dir, format: 'esm', minify: true, codeSplitting: false });
  const { stdout } = await promisify(execFile)(process.execPath, [`${dir}/gateway.js`], { timeout: 60_000 });
  expect(stdout).toBe('listens\n');
});

test.each(['gateway.js', 'harness.js'])('with all private members present, %s starts', async (script) => {
  expect(await startWithout('', script)).toBe('listens\n');
});

test.each([
  ['gateway.js', 50, inGateway],
  ['harness.js', 25, inHarness],
])(
  'in %s a missing private member stops the boot with an error that names it, for each of more than %i',
  async (script, count, members) => {
    expect(members.length).toBeGreaterThan(count);
    const left = members.filter((_, index) => isWhole || index % 6 === 0);
    const unsaid: string[] = [];
    const startEach = async (): Promise<void> => {
      for (let member = left.pop(); member !== undefined; member = left.pop()) {
        const [, packageName, name] = /^(.+)\/\w+(#\w+)$/.exec(member)!;
        const said = await startWithout(member, script);
        const isNamed = said.includes(`knows ${packageName} `) && said.includes(`${name}, which is private to it`);
        // Of some the packages above make use too, and nothing works without them.
        const isUsedElsewhere = said.includes('does not let a client join in memory');
        if (!said.startsWith('UnknownInternalsError: ') || !(isNamed || isUsedElsewhere))
          unsaid.push(`${member}: ${said}`);
      }
    };
    await Promise.all([startEach(), startEach()]);
    expect(unsaid).toEqual([]);
  },
  180_000,
);
