import { assertThat, startTestApp, type RealtimeMatchers, type TestClient } from 'nest-realtime-kit/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ChatModule, PlainChatModule } from './support/chat.js';

async function connectTo(module: typeof ChatModule): Promise<TestClient> {
  const app = await startTestApp(module, { timeout: 600 });
  onTestFinished(() => app.close());
  return app.connect({ name: 'alice' });
}

/** Why a statement does not hold. */
async function failureOf(statement: PromiseLike<void>): Promise<string> {
  const error: unknown = await statement.then(undefined, (reason: unknown) => reason);
  return error instanceof Error ? error.message : 'it holds';
}

const worlds = [
  {
    world: 'answered by WebsocketModule',
    module: ChatModule,
    toAcks:
      /but:\n {4}handling it failed: the ack was \{ status: 'error', code: 'INTERNAL_ERROR', message: 'Internal server error' \}\n/,
    toException:
      /but:\n {4}it was acked with \{ status: 'error', code: 'INTERNAL_ERROR', message: 'Internal server error' \}\n/,
    lastEvent: /the last event: alice's "throw" \(\) failed: the handler failed; logged error; acked with an error\n/,
  },
  {
    world: 'emitted by Nest itself',
    module: PlainChatModule,
    toAcks:
      /but:\n {4}no ack, but "exception" \(\{ status: 'error', message: 'Internal server error', .+ \}\) at .+, caused by alice's "throw"\n/,
    toException:
      /but:\n {4}alice got "exception" \(\{ status: 'error', message: 'Internal server error', .+ \}\) at .+, caused by alice's "throw"\n/,
    lastEvent:
      /the last event: alice's "throw" \(\) failed: the handler failed; sent "exception" to alice; logged error\n/,
  },
];

describe.each(worlds)('an error that is $world', ({ module, toAcks, toException, lastEvent }) => {
  test('passes toRaiseException for its event, with or without its message', async () => {
    const alice = await connectTo(module);
    await assertThat(alice.emitWithAck('throw')).toRaiseException();
    await assertThat(alice.emitWithAck('throw')).toRaiseException('Internal server error');
    await assertThat(alice.emitWithAck('throw')).toRaiseException(/^internal/i);
    await assertThat(alice.emitWithAck('throw')).not.toRaiseException('no such room');
  });

  test('does not count for another event at the same time', async () => {
    const alice = await connectTo(module);
    const [bad, good] = [alice.emitWithAck('throw'), alice.emitWithAck('echo', 1)];
    await assertThat(good).not.toRaiseException();
    await assertThat(good).toBeAcked(1);
    await assertThat(bad).toRaiseException();
  });

  test('fails not.toRaiseException, which shows the error and the last event', async () => {
    const alice = await connectTo(module);
    const failure = await failureOf(assertThat(alice.emitWithAck('throw')).not.toRaiseException());
    expect(failure).toMatch(/^Expected alice's "throw" \(\) not to raise an exception\.\n/);
    expect(failure).toMatch(toException);
    expect(failure).toMatch(lastEvent);
  });

  test('fails toRaiseException for another message, which shows the difference', async () => {
    const alice = await connectTo(module);
    const failure = await failureOf(assertThat(alice.emitWithAck('throw')).toRaiseException('no such room'));
    expect(failure).toMatch(toException);
    expect(failure).toContain("      - 'no such room'\n      + 'Internal server error'\n");
  });

  test.each([
    ['any', []],
    ['a certain', ['done']],
  ])('fails toBeAcked where %s ack is expected, which shows the error', async (_which, expected) => {
    const alice = await connectTo(module);
    await assertThat(alice.emitWithAck('throw')).not.toBeAcked(...expected);
    const failure = await failureOf(assertThat(alice.emitWithAck('throw')).toBeAcked(...expected));
    expect(failure).toMatch(/^Expected alice's "throw" \(\) to be acked/);
    expect(failure).toMatch(toAcks);
  });
});

describe('an ack that is an error', () => {
  const error = { status: 'error', code: 'INTERNAL_ERROR', message: 'Internal server error' };

  test.each([
    ['as a whole', error],
    ['in part', expect.objectContaining({ code: 'INTERNAL_ERROR' })],
  ])('passes toBeAcked with its value %s', async (_how, expected: unknown) => {
    const alice = await connectTo(ChatModule);
    await assertThat(alice.emitWithAck('throw')).toBeAcked(expected);
  });

  test('fails toBeAcked for another error, which shows the difference', async () => {
    const alice = await connectTo(ChatModule);
    const expected = { ...error, code: 'FORBIDDEN' };
    const failure = await failureOf(assertThat(alice.emitWithAck('throw')).toBeAcked(expected));
    expect(failure).toMatch(/the ack had other values:\n[^]+- .+'FORBIDDEN'[^]+\+ .+'INTERNAL_ERROR'/);
  });

  test('passes toRaiseException for an event without a handler', async () => {
    const alice = await connectTo(ChatModule);
    await assertThat(alice.emitWithAck('shout')).toRaiseException('No handler for this event');
    expect(await failureOf(assertThat(alice.emitWithAck('shout')).toBeAcked())).toContain(
      "handling it failed: the ack was { status: 'error', code: 'UNKNOWN_EVENT', message: 'No handler for this event' }",
    );
  });

  test("passes toRaiseException when it is the app's own object", async () => {
    const alice = await connectTo(PlainChatModule);
    const own = { status: 'error', message: 'sold out' };
    await assertThat(alice.emitWithAck('echo', own)).toRaiseException('sold out');
    await assertThat(alice.emitWithAck('echo', own)).not.toBeAcked();
  });

  test.each([
    [[{ status: 'done', message: 'sold' }]],
    [['error']],
    [[null]],
    [[[{ status: 'error' }]]],
    [[{ status: 'error' }, 'and more']],
  ])('is not seen in the values %j', async (values) => {
    const alice = await connectTo(ChatModule);
    await assertThat(alice.emitWithAck('echo', ...values)).toBeAcked(...values);
    await assertThat(alice.emitWithAck('echo', ...values)).toBeAcked();
    await assertThat(alice.emitWithAck('echo', ...values)).not.toRaiseException();
  });
});

test('an empty ack counts as an ack, and a failure says that it is empty', async () => {
  const alice = await connectTo(ChatModule);
  await assertThat(alice.emitWithAck('say', 'hi')).toBeAcked();
  const denied = await failureOf(assertThat(alice.emitWithAck('say', 'hi')).not.toBeAcked());
  expect(denied).toContain('but:\n    it was acked with nothing\n');
  const raised = await failureOf(assertThat(alice.emitWithAck('say', 'hi')).toRaiseException());
  expect(raised).toContain('but:\n    it was acked with nothing\n');
});

describe('a failure explains the missing ack', () => {
  test.each([
    ['of a handler that does not call its @Ack()', ChatModule, 'ponder'],
    ['of a handler of plain Nest that returns nothing', PlainChatModule, 'say'],
    ['of an event that nobody handles, in plain Nest', PlainChatModule, 'shout', 'failed: there is no handler for it'],
  ])('%s', async (_why, module, event, told = 'without an ack:\n') => {
    const alice = await connectTo(module);
    await assertThat(alice.emitWithAck(event)).not.toBeAcked();
    await assertThat(alice.emitWithAck(event)).not.toRaiseException();
    expect(alice.pendingAcks).toMatchObject([{ event }, { event }]);
    const statements: RealtimeMatchers = assertThat(alice.emitWithAck(event));
    expect(await failureOf(statements.toBeAcked())).toMatch(
      new RegExp(`^Expected alice's "${event}" \\(\\) to be acked within 600 ms\\.\n[^]+${told}`),
    );
    await expect(alice.emitWithAck(event)).rejects.toThrow(
      'No handler is running: it returned nothing or did not call its @Ack(), a middleware refused the event, or nobody handles it.',
    );
  });
});
