import { describe, expect, test } from 'vitest';
import { Crowd, startWorkServer } from './support/shutdown/crowd.js';

const LOGGED = 'A failure outside any handler ends the process: broken outside any handler';

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe.each(['timer', 'promise'])('an uncaught exception in a %s', (how) => {
  test('is logged, drains the clients, and then ends the process', async () => {
    await using server = await startWorkServer();
    using crowd = await Crowd.connect(server.url, 3, ['websocket']);
    const work = crowd.ask('work', 300);
    await expect.poll(() => count(server.output.stdout, 'working')).toBe(3);
    const failing = crowd.members[0]!.socket.emitWithAck('fail', how);
    expect(await failing).toBe('told');
    await expect.poll(() => work.answered).toBe(3);
    expect(await server.exited).toBe(1);
    await crowd.expectToldAndDisconnected();
    const { stdout, stderr } = server.output;
    expect(count(stdout + stderr, LOGGED)).toBe(1);
    // Node's own report, as if nobody had been there.
    expect(stderr).toMatch(/\nError: broken outside any handler\n {4}at broken \(.*server\.js:\d+:\d+\)/);
    expect(stderr.trim()).toMatch(/\nNode\.js v[\d.]+$/);
  }, 15_000);
});

test('with endBy() an uncaught exception closes the whole app before the process exits', async () => {
  await using server = await startWorkServer({}, { CLOSE_APP: '1' });
  using crowd = await Crowd.connect(server.url, 2, ['websocket']);
  crowd.members[0]!.socket.emit('fail', 'timer');
  expect(await server.exited).toBe(1);
  await crowd.expectToldAndDisconnected();
  expect(server.output.stdout).toContain('destroyed after 2 have left');
}, 15_000);

test('further uncaught exceptions are logged up to a limit, and do not interrupt the drain', async () => {
  await using server = await startWorkServer();
  using crowd = await Crowd.connect(server.url, 1, ['websocket']);
  const work = crowd.ask('work', 600);
  crowd.members[0]!.socket.emit('fail', 'again and again');
  expect(await server.exited).toBe(1);
  expect(work.answered).toBe(1);
  const output = server.output.stdout + server.output.stderr;
  expect(count(output, LOGGED)).toBe(1);
  expect(count(output, 'Another failure outside any handler')).toBe(10);
}, 15_000);

test('a handler that hangs does not keep the process alive after an uncaught exception', async () => {
  await using server = await startWorkServer({ timeout: 700 }, { CLOSE_APP: '1', HOOK_HANGS: '1' });
  using crowd = await Crowd.connect(server.url, 1, ['websocket']);
  crowd.members[0]!.socket.emit('hang');
  crowd.members[0]!.socket.emit('fail', 'timer');
  expect(await server.exited).toBe(1);
  expect(server.output.stdout).toContain('Cut off the handler of "hang" of client');
}, 15_000);

test('an uncaught exception closes all apps of the process, and is logged once', async () => {
  await using server = await startWorkServer({}, { CLOSE_APP: '1', SECOND_APP: '1' });
  const [, second] = /Beside it (http:\S+)/.exec(server.output.stdout)!;
  using crowd = await Crowd.connect(server.url, 1, ['websocket']);
  using besides = await Crowd.connect(second!, 1, ['websocket']);
  crowd.members[0]!.socket.emit('fail', 'timer');
  expect(await server.exited).toBe(1);
  await crowd.expectToldAndDisconnected();
  await besides.expectToldAndDisconnected();
  expect(count(server.output.stdout, 'destroyed after')).toBe(2);
  expect(count(server.output.stdout + server.output.stderr, LOGGED)).toBe(1);
}, 15_000);

test('an uncaught exception is left to another listener of the process', async () => {
  await using server = await startWorkServer({}, { SOMEBODY_LISTENS: '1' });
  using crowd = await Crowd.connect(server.url, 1, ['websocket']);
  const { socket } = crowd.members[0]!;
  expect(await socket.emitWithAck('fail', 'timer')).toBe('told');
  expect(server.output.stdout).toContain('heard: broken outside any handler');
  expect(await socket.emitWithAck('work', 1)).toBe('done');
  expect(server.output.stdout + server.output.stderr).not.toContain(LOGGED);
}, 15_000);

test('onUncaught: "ignore" leaves an uncaught exception to Node', async () => {
  await using server = await startWorkServer({ onUncaught: 'ignore' });
  using crowd = await Crowd.connect(server.url, 1, ['websocket']);
  crowd.members[0]!.socket.emit('fail', 'timer');
  expect(await server.exited).toBe(1);
  await expect.poll(() => crowd.members[0]!.reason).toBe('transport close');
  expect(crowd.members[0]!.told).toBe(0);
  expect(server.output.stdout + server.output.stderr).not.toContain(LOGGED);
  expect(server.output.stderr).toContain('Error: broken outside any handler');
}, 15_000);
