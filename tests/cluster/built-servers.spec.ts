import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { startTestCluster, type ProcessClusterOptions } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { io } from 'socket.io-client';
import { describe, test } from 'vitest';
import { isAlive } from '../support/is-alive.js';

/** Starts one process of a server of plain Nest. */
const start = (options: ProcessClusterOptions = {}) =>
  startTestCluster('dist/cluster-app/plain/main.js', { nodes: 1, ...options });

describe('a built server of plain Nest', () => {
  test('sees nothing of the harness in its process', async () => {
    await using cluster = await start();
    const alice = await cluster.connect();
    await expect(alice.emitWithAck('process')).toBeAcked({
      arguments: 2,
      execArgv: [],
      variables: [],
      hasParent: false,
    });
  });

  test('forks processes and starts threads that run as without the harness', async () => {
    await using cluster = await start();
    const alice = await cluster.connect();
    const asWithout = { execArgv: [], isNestLoaded: false };
    await expect(alice.emitWithAck('fork', 'work')).toBeAcked({ message: 'work', ...asWithout });
    await expect(alice.emitWithAck('thread')).toBeAcked(asWithout);
  });

  test('may emit what no other process can get', async () => {
    await using cluster = await start();
    const alice = await cluster.connect();
    await alice.emitWithAck('share');
    await expect(alice).toReceive('announced', 'shared');
    expect(cluster.nodes[0]!.isOpen).toBe(true);
  });

  test('has logged all that it logs before process.exit()', async () => {
    const cluster = await start();
    const alice = await cluster.connect();
    alice.emit('exit');
    expect(await cluster.nodes[0]!.exited).toMatchObject({ code: 0 });
    const logged = cluster.nodes[0]!.logs.entries.slice(-5_001).map(({ message }) => Number.parseInt(String(message)));
    expect(logged).toEqual([...Array.from({ length: 5_000 }, (_, line) => line + 1), NaN]);
    expect(cluster.nodes[0]!.logs.errors.map(({ message }) => message)).toEqual(['last words']);
    await cluster.close();
  });

  test('recovers the connection of a client, which still can be asserted about', async () => {
    await using cluster = await start({ env: { RECOVERY: 'on' } });
    const alice = await cluster.connect({ name: 'alice', reconnection: true, reconnectionDelay: 10 });
    const bob = await cluster.connect();
    const crowd = await cluster.connectMany(2);
    await bob.emitWithAck('announce', 'before');
    await expect([alice, bob, crowd]).toBeAllWhoReceive('announced', 'before');
    const recovered = new Promise((resolve) => alice.socket.once('connect', () => resolve(alice.socket.recovered)));
    alice.socket.io.engine.close();
    expect(await recovered).toBe(true);
    await cluster.settle();
    await bob.emitWithAck('announce', 'after');
    await expect([alice, bob, crowd]).toBeAllWhoReceive('announced', 'after');
    await expect(alice).not.toReceive('announced');
  });

  test('may print a very long line', async () => {
    await using cluster = await start();
    const alice = await cluster.connect();
    await expect(alice.emitWithAck('print', 20_000_000)).toBeAcked(true);
    await expect.poll(() => cluster.nodes[0]!.lines.at(-1)).toMatch(/^x{100000}… \(20000000 characters\)$/);
  });

  test('ends although another program keeps its output open', async () => {
    const cluster = await start();
    const [node] = cluster.nodes;
    const alice = await cluster.connect();
    const program = await alice.emitWithAck('hold output');
    try {
      expect(await node!.kill()).toMatchObject({ signal: 'SIGKILL' });
      await cluster.close();
      expect(isAlive(program as number)).toBe(true);
    } finally {
      process.kill(program as number, 'SIGKILL');
    }
  });

  test('has crashed, also if the test ends it afterwards', async () => {
    const cluster = await start();
    const [node] = cluster.nodes;
    const alice = await cluster.connect();
    alice.emit('crash');
    await node!.exited;
    expect(await node!.terminate()).toMatchObject({ signal: 'SIGSEGV', duration: 0 });
    expect(cluster.timeline.print()).not.toContain('SIGTERM');
    await expect(cluster.close()).rejects.toThrow('did not end cleanly: SIGSEGV');
  });

  test('fails close() for an error that it logs while it shuts down', async () => {
    const cluster = await start({ errorLogs: 'fail', env: { UNFLUSHED: 'yes' } });
    await expect(cluster.close()).rejects.toThrow('could not flush the outbox');
  });

  test('ends when a hook rejects, as without a test', async () => {
    const cluster = await start();
    const alice = await cluster.connect({ auth: { failsLeaving: true } });
    await expect(alice.disconnect()).rejects.toThrow('nobody to say goodbye to');
    expect(await cluster.nodes[0]!.exited).toMatchObject({ code: 1 });
    await expect(cluster.close()).rejects.toThrow('did not end cleanly: exit code 1');
  });

  test('fails close() for a hook that failed for a client of other code', async () => {
    const cluster = await start({ env: { NODE_OPTIONS: '--unhandled-rejections=warn' } });
    const stranger = io(cluster.nodes[0]!.url, { auth: { failsLeaving: true }, transports: ['websocket'] });
    await expect.poll(() => stranger.connected).toBe(true);
    stranger.disconnect();
    await expect.poll(() => cluster.timeline.print()).toContain('nobody to say goodbye to');
    await expect(cluster.close()).rejects.toThrow('PlainGateway.handleDisconnect');
  });

  test('may be a server of HTTPS', async () => {
    await using cluster = await start({ env: { TLS: 'on' } });
    expect(cluster.nodes[0]!.url).toMatch(/^https:/);
    const alice = await cluster.connect({ ciphers: 'aNULL@SECLEVEL=0', rejectUnauthorized: false });
    await expect(alice.emitWithAck('announce', 'hi')).toBeAcked(true);
  });

  test('may start another app of Nest before the one that has the gateways', async () => {
    await using cluster = await start({ env: { ADMIN: 'too' } });
    const alice = await cluster.connect();
    await expect(alice.emitWithAck('announce', 'hi')).toBeAcked(true);
  });

  test('that has no gateway does not start, and the error says so', async () => {
    const error = 'before it listened. An app of it did, but has no gateway';
    await expect(start({ env: { ADMIN: 'only' } })).rejects.toThrow(error);
  });

  test('that is killed refuses clients', async () => {
    await using cluster = await start();
    await cluster.nodes[0]!.kill();
    await expect(cluster.connect({ node: 0 })).toBeRefused();
  });

  test('that is frozen does not hold up the refusal of a client elsewhere', async () => {
    await using cluster = await start();
    const pid = cluster.nodes[0]!.pid!;
    const elsewhere = createServer().listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const { port } = elsewhere.address() as AddressInfo;
    await promisify(elsewhere.close.bind(elsewhere))();
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(cluster.connect({ through: { url: `http://127.0.0.1:${port}` } })).toBeRefused();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  test('survives a client that forges a header of the harness', async () => {
    await using cluster = await start();
    const extraHeaders = { 'x-test-connect': 'crowd=%' };
    const stranger = io(cluster.nodes[0]!.url, { extraHeaders, transports: ['websocket'], reconnection: false });
    await expect.poll(() => stranger.connected).toBe(true);
    stranger.disconnect();
    await cluster.settle();
    expect(cluster.nodes[0]!.isOpen).toBe(true);
  });

  test('logs at the levels that it asks for', async () => {
    const cluster = await start({ env: { LEVEL: 'error' } });
    const [node] = cluster.nodes;
    const alice = await cluster.connect();
    alice.emit('exit');
    await node!.exited;
    expect(node!.logs.entries.map(({ message }) => message)).toEqual(['last words']);
    expect(node!.lines.join('\n')).not.toContain('LOG');
    await cluster.close();
  });

  test('keeps no socket of other code that has left', async () => {
    await using cluster = await start();
    const alice = await cluster.connect();
    for (let round = 0; round < 10; round += 1) {
      const stranger = io(cluster.nodes[0]!.url, { transports: ['websocket'], forceNew: true });
      await expect.poll(() => stranger.connected).toBe(true);
      stranger.disconnect();
    }
    await cluster.settle();
    // Nest itself keeps the last one that has come, and the last one that has left.
    expect(await alice.emitWithAck('kept')).toBeLessThanOrEqual(3);
  });
});
