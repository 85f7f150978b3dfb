import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startTestCluster, type AppStartError, type ProcessClusterOptions } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { getContainerRuntimeClient } from 'testcontainers';
import { describe } from 'vitest';
import { test as redisTest } from '../integration/support/redis.js';
import { startBuiltChat } from './support/built-chat.js';
import { isAlive } from '../support/is-alive.js';

const script = 'dist/cluster-app/main.js';

/** Starts clusters of the built chat that share a Redis, and are apart from other clusters on it. */
const test = redisTest.extend<{ start: (options?: ProcessClusterOptions) => ReturnType<typeof startBuiltChat> }>({
  start: async ({ redisUrl }, use) => {
    await use((options) => startBuiltChat(redisUrl, options));
  },
});

describe('a cluster of built servers', () => {
  test('an event reaches the members of a room on all nodes, and no other client', async ({ start }) => {
    await using cluster = await start({ nodes: 2 });
    const alice = await cluster.connect({ name: 'alice', node: 0 });
    const bob = await cluster.connect({ name: 'bob', node: 1 });
    const carol = await cluster.connect({ name: 'carol', node: 1, transports: ['polling'] });
    await Promise.all([alice, bob].map((client) => client.emitWithAck('join', 'lobby')));
    for (let round = 1; round <= 50; round += 1) {
      alice.emit('say', { room: 'lobby', text: `message ${round}` });
      await expect(carol).not.toReceive('said');
      expect(bob.received('said')).toHaveLength(round);
    }
    carol.emit('say-late', { room: 'lobby', text: 'late', after: 150 });
    await expect(cluster.room('lobby')).toBeAllWhoReceive('said', 'late');
    expect(bob.rooms).toEqual(['lobby']);
    expect(cluster.timeline.print()).toContain(`node 0  alice ← "said" ('message 1')  ← alice's "say"`);
  });

  test('settle() waits for hooks, handlers and log entries in the processes', async ({ start }) => {
    await using cluster = await start({ nodes: 2 });
    const alice = await cluster.connect({ name: 'alice', auth: { name: 'Alice' } });
    const bob = await cluster.connect({ name: 'bob', node: 1 });
    expect(alice.received('welcome')).toEqual([['Alice']]);
    const { id } = bob;
    await bob.disconnect();
    await expect(cluster.nodes[1]!).toHaveLogged(`Left: ${id}`);
    await expect(cluster.nodes[0]!).not.toHaveLogged(`Left: ${id}`);
    expect(bob.serverDisconnectReason).toBe('client namespace disconnect');
  });

  test('a settle() that times out names the work in a process', async ({ start }) => {
    await using cluster = await start({ nodes: 1 });
    const alice = await cluster.connect({ name: 'alice' });
    alice.emit('say-late', { room: 'lobby', text: 'late', after: 1_000 });
    await expect(cluster.settle({ timeout: 100 })).rejects.toThrow(
      /still in flight:\s+handler of "say-late" for alice/,
    );
    await cluster.settle();
  });

  test('a refusal by a gateway of a process rejects connect()', async ({ start }) => {
    await using cluster = await start({ nodes: 1 });
    await expect(cluster.connect({ auth: { banned: true } })).toBeRefused();
    await expect(cluster.connect({ namespace: '/nowhere' })).rejects.toThrow('namespaces there are: /');
  });

  test('close() fails for an undeclared error log or refusal of a process', async ({ start }) => {
    const cluster = await start({ nodes: 1, errorLogs: 'fail' });
    const alice = await cluster.connect({ name: 'alice' });
    alice.emit('fail');
    await expect(cluster.close()).rejects.toThrow('broken on purpose');
    const strict = await start({ nodes: 1, refusals: 'fail' });
    const bob = await strict.connect({ name: 'bob' });
    bob.emit('nobody handles this');
    await expect(strict.close()).rejects.toThrow(`bob's "nobody handles this": there is no handler for it`);
  });

  test('terminate() drains a node and tells how it ended', async ({ start }) => {
    await using cluster = await start({ nodes: 2 });
    const [alice, bob] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
    const exit = await cluster.nodes[0]!.terminate();
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(exit.duration).toBeGreaterThan(0);
    expect(exit.lastLines.join('\n')).toContain(`Left: ${alice.id}`);
    await expect(alice).toBeDisconnected();
    await bob.emitWithAck('join', 'lobby');
    bob.emit('say', { room: 'lobby', text: 'still here' });
    await expect(bob).toReceive('said', 'still here');
    await expect(bob).not.toReceive('said');
  });

  test('close() waits for a node that is still draining', async ({ start }) => {
    const cluster = await start({ nodes: 1 });
    const alice = await cluster.connect({ name: 'alice' });
    alice.emit('say-late', { room: 'lobby', text: 'slow', after: 500 });
    await cluster.nodes[0]!.connect();
    void cluster.nodes[0]!.terminate();
    void cluster.nodes[0]!.terminate();
    await cluster.close();
    expect(isAlive(cluster.nodes[0]!.pid!)).toBe(false);
    expect(await cluster.nodes[0]!.exited).toMatchObject({ code: 0, signal: null });
  });

  test('kill() ends a node at once, and the others go on', async ({ start }) => {
    await using cluster = await start({ nodes: 3 });
    const [alice, bob, carol] = await Promise.all([0, 1, 2].map((node) => cluster.connect({ node })));
    expect(await cluster.nodes[1]!.kill()).toMatchObject({ code: null, signal: 'SIGKILL' });
    await expect(bob!).toBeDisconnected('transport close');
    alice!.emit('announce', 'two are left');
    await expect(carol!).toReceive('announced', 'two are left');
    await expect(carol!).not.toReceive('announced');
    expect(cluster.nodes.map(({ isOpen }) => isOpen)).toEqual([true, false, true]);
  });

  test('addNode() and rollingRestart() keep the cluster joined', async ({ start }) => {
    await using cluster = await start({ nodes: 1 });
    const added = await cluster.addNode({ env: { VERSION: '2' } });
    const [alice, bob] = [await cluster.connect({ node: 0 }), await added.connect()];
    alice.emit('announce', 'one more');
    await expect(bob).toReceive('announced', 'one more');
    await expect(alice.emitWithAck('version')).toBeAcked('1');
    await expect(bob.emitWithAck('version')).toBeAcked('2');
    const pids = new Set(cluster.nodes.map(({ pid }) => pid));
    const exits = await cluster.rollingRestart({ env: { VERSION: '3' } });
    expect(exits.map(({ code }) => code)).toEqual([0, 0]);
    expect(cluster.nodes.some(({ pid }) => pids.has(pid))).toBe(false);
    const [carol, dave] = [await cluster.connect({ node: 0 }), await cluster.connect({ node: 1 })];
    await expect(carol.emitWithAck('version')).toBeAcked('3');
    carol.emit('announce', 'all new');
    await expect(dave).toReceive('announced', 'all new');
  });

  test('a node that ends before it listens fails the start with its last lines', async ({ start }) => {
    const error = await start({ env: { FAILS: 'yes' } }).catch((reason: AppStartError) => reason);
    expect(error).toMatchObject({ name: 'AppStartError' });
    expect((error as Error).message).toMatch(
      /main\.js ended \(exit code 1\) before it listened.*the database is away/s,
    );
  });

  test('a script that does not exist fails the start', async () => {
    await expect(startTestCluster('dist/missing.js')).rejects.toThrow(
      'missing.js does not exist. Expected a built server',
    );
  });

  test('processes that are not joined fail the start', async () => {
    await expect(startTestCluster(script, { timeout: 300 })).rejects.toThrow('The 2 nodes do not see each other');
  });

  test('a node that ends by itself fails close()', async ({ start }) => {
    const cluster = await start({ nodes: 1 });
    const alice = await cluster.connect({ name: 'alice' });
    alice.emit('crash');
    await expect(alice).toBeDisconnected();
    await expect(cluster.close()).rejects.toThrow(/main\.js\) did not end cleanly: SIGSEGV/);
  });

  test('neither a process nor a container is left when the test process is killed', async ({ redisUrl }) => {
    // Without Docker, the fixture skips the test.
    expect(redisUrl).toBeDefined();
    const holder = fileURLToPath(new URL('support/hold-cluster.js', import.meta.url));
    const child = spawn(process.execPath, [holder, script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { pids, container } = JSON.parse(String(line)) as { pids: number[]; container: string };
    expect(pids.map(isAlive)).toEqual([true, true]);
    child.kill('SIGKILL');
    await expect.poll(() => pids.map(isAlive)).toEqual([false, false]);
    const docker = await getContainerRuntimeClient();
    const isThere = (): Promise<boolean> =>
      docker.container
        .getById(container)
        .inspect()
        .then(
          () => true,
          () => false,
        );
    // Ryuk waits for ten seconds.
    await expect.poll(isThere, { timeout: 20_000 }).toBe(false);
  });
});
