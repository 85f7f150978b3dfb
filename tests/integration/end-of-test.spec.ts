import { Logger, Module } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  LooseEndsError,
  UndeclaredErrorLogsError,
  assertThat,
  startTestApp,
  type TestApp,
  type TestAppOptions,
} from 'nest-realtime-kit/testing';
import { describe, expect, test } from 'vitest';
import type { Socket } from 'socket.io';

const OVERFLOW = 'RangeError: it is full (to the brim)\n    at somewhere';

@WebSocketGateway()
class LooseGateway {
  private readonly logger = new Logger('LooseGateway');

  handleConnection(client: Socket): void {
    client.emit('welcome', { id: client.id });
  }

  handleDisconnect(client: Socket): void {
    if (client.handshake.auth.isHeavy) this.logger.error('broke the door');
  }

  @SubscribeMessage('break')
  break(@MessageBody() what: string): string {
    this.logger.error(`broke ${what}`, 'Error: broke\n    at somewhere');
    return what;
  }

  @SubscribeMessage('pour')
  pour(@ConnectedSocket() client: Socket): void {
    this.logger.error(`Pouring for ${client.id} failed: it is full (to the brim)`, OVERFLOW);
  }

  @SubscribeMessage('ignore')
  ignore(): void {}
}

@Module({ providers: [LooseGateway] })
class LooseModule {}

/** What `close()` has to say after a test that did this. */
async function problemsAfter(
  options: TestAppOptions,
  body: (app: TestApp) => Promise<unknown>,
): Promise<readonly Error[]> {
  const app = await startTestApp(LooseModule, options);
  await body(app);
  const error: unknown = await app.close().catch((reason: unknown) => reason);
  return ((error as AggregateError | undefined)?.errors as Error[] | undefined) ?? [];
}

describe('an error in the log', () => {
  const options = { errorLogs: 'fail' } as const;

  test('fails a test that did not declare it, and names the event that caused it', async () => {
    const [problem, ...others] = await problemsAfter(options, async (app) => {
      const alice = await app.connect({ name: 'alice' });
      await alice.emitWithAck('break', 'the vase');
    });
    expect(others).toEqual([]);
    expect(problem).toBeInstanceOf(UndeclaredErrorLogsError);
    expect(problem?.message).toBe(
      `
The server logged errors that the test did not declare as expected.
  logged:
    error [LooseGateway] broke the vase, caused by alice's "break"
      in somewhere
  note: To expect one: await expect(app).toHaveLogged('broke the vase', { level: 'error' }), or app.logs.allowErrors('broke the vase'), with the whole message or a pattern.`.trim(),
    );
  });

  test('is reported with the thrown error, and with a pattern when its message contains an id', async () => {
    const pour = async (app: TestApp): Promise<void> => {
      (await app.connect({ name: 'alice' })).emit('pour');
    };
    const [problem] = await problemsAfter(options, pour);
    expect(problem?.message).toBe(
      String.raw`
The server logged errors that the test did not declare as expected.
  logged:
    error [LooseGateway] Pouring for <id of alice> failed: it is full (to the brim), caused by alice's "pour"
      RangeError: it is full (to the brim)
      in somewhere
  note: To expect one: await expect(app).toHaveLogged(/it is full \(to the brim\)/, { level: 'error' }), or app.logs.allowErrors(/it is full \(to the brim\)/), with the whole message or a pattern.`.trim(),
    );
    const declared = await problemsAfter(options, async (app) => {
      await pour(app);
      await assertThat(app).toHaveLogged(/it is full \(to the brim\)/, { level: 'error' });
    });
    expect(declared).toEqual([]);
  });

  test('fails the test or can be allowed when it is logged as the clients leave', async () => {
    const problems = await problemsAfter(options, (app) => app.connect({ auth: { isHeavy: true } }));
    expect(problems).toEqual([
      expect.objectContaining({ message: expect.stringContaining('broke the door') as string }),
    ]);
    const declared = await problemsAfter(options, async (app) => {
      app.logs.allowErrors('broke the door');
      await app.connect({ auth: { isHeavy: true } });
    });
    expect(declared).toEqual([]);
  });

  test('is waited for while the handler of the last event is still running', async () => {
    const problems = await problemsAfter(options, async (app) => {
      (await app.connect()).emit('break', 'the vase');
    });
    expect(problems).toHaveLength(1);
  });

  test.each([
    ['expecting it', (app: TestApp) => assertThat(app).toHaveLogged('broke the vase', { level: 'error' })],
    ['expecting errors', (app: TestApp) => assertThat(app).toHaveLoggedErrors()],
    ['its text', async (app: TestApp) => app.logs.allowErrors('broke the vase')],
    ['a pattern', async (app: TestApp) => app.logs.allowErrors(/vase/g)],
  ])('does not fail a test that declares it by %s', async (_by, declare) => {
    const problems = await problemsAfter(options, async (app) => {
      await (await app.connect()).emitWithAck('break', 'the vase');
      await declare(app);
    });
    expect(problems).toEqual([]);
  });

  test('can be declared before it is logged, which declares no other error', async () => {
    const problems = await problemsAfter(options, async (app) => {
      app.logs.allowErrors('broke the vase');
      const alice = await app.connect();
      await alice.emitWithAck('break', 'the vase');
      await alice.emitWithAck('break', 'the cup');
    });
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('broke the cup')]);
  });

  test('does not fail a test by default', async () => {
    expect(await problemsAfter({}, async (app) => (await app.connect()).emitWithAck('break', 'the vase'))).toEqual([]);
  });
});

describe('strict mode', () => {
  async function leave(app: TestApp): Promise<void> {
    const alice = await app.connect({ name: 'alice' });
    alice.socket.emit('ignore', () => {});
    await app.settle();
  }

  test('fails a test with unread events, missing acks and open clients, and names each', async () => {
    const [problem, ...others] = await problemsAfter({ strict: true }, leave);
    expect(others).toEqual([]);
    expect(problem).toBeInstanceOf(LooseEndsError);
    expect(problem?.message.replace(/'\S{20}'/, "'…'")).toBe(
      `
Strict mode: the test left loose ends.
  unread events:
    alice got "welcome" ({ id: '…' })
  acks that did not come:
    alice sent "ignore" ()
  still connected:
    alice`.trim(),
    );
  });

  test.each([
    ['unreadEvents', 'unread events'],
    ['pendingAcks', 'acks that did not come'],
    ['openClients', 'still connected'],
  ])('checks %s alone on request', async (option, label) => {
    const [problem] = await problemsAfter({ strict: { [option]: true } }, leave);
    expect(Object.keys((problem as LooseEndsError).looseEnds)).toEqual([label]);
  });

  test('passes a test that leaves nothing behind', async () => {
    const problems = await problemsAfter({ strict: true }, async (app) => {
      const alice = await app.connect();
      await assertThat(alice).toReceive('welcome');
      await alice.disconnect();
    });
    expect(problems).toEqual([]);
  });

  test('is off by default', async () => {
    expect(await problemsAfter({}, leave)).toEqual([]);
  });
});

test('an assertion that nobody awaited fails close() with the line of the assertion', async () => {
  const problems = await problemsAfter({}, async (app) => {
    const alice = await app.connect();
    // oxlint-disable-next-line typescript/no-floating-promises -- what the test is about
    assertThat(alice).toReceive('welcome');
    // oxlint-disable-next-line typescript/no-floating-promises -- what the test is about
    assertThat(alice).not.toReceive('welcome');
    await assertThat(app).not.toHaveLoggedErrors();
  });
  expect(problems.map(({ message }) => message)).toEqual([
    'This expectation was not awaited: await assertThat(…).toReceive(…)',
    'This expectation was not awaited: await assertThat(…).toReceive(…)',
  ]);
  expect(problems[0]?.stack).toMatch(/\n\s+at .+end-of-test\.spec\.ts/);
});
