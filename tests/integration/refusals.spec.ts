import { Catch, Module, UseFilters, UseGuards, UsePipes, type CanActivate, type ExceptionFilter } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { throwError, type Observable } from 'rxjs';
import type { Server, Socket } from 'socket.io';
import { setTimeout as delay } from 'node:timers/promises';
import { WebsocketModule } from 'nest-realtime-kit';
import { UndeclaredRefusalsError, startTestApp, type TestApp, type TestAppOptions } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';
import { describe, test } from 'vitest';

class Nobody implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class Nothing {
  transform(): never {
    throw new WsException('nothing will do');
  }
}

/** Tells clients of a failure in words of its own. */
@Catch()
class Apologies implements ExceptionFilter {
  catch(_error: unknown, host: Parameters<ExceptionFilter['catch']>[1]): void {
    host.switchToWs().getClient<Socket>().emit('sorry', 'no');
  }
}

@WebSocketGateway()
class StrictGateway {
  afterInit(server: Server): void {
    server.on('connection', (socket) =>
      socket.use((packet, next) => {
        if (packet[0] === 'old name') packet[0] = 'renamed';
        if (packet[0] === 'guarded before') packet[0] = 'guarded';
        if (packet[0] === 'muted') throw new WsException('muted');
        next(packet[0] === 'denied' ? new Error('not you') : undefined);
      }),
    );
  }

  @UseGuards(Nobody)
  @SubscribeMessage('guarded')
  guarded(): string {
    return 'let in';
  }

  @UseGuards(Nobody)
  @SubscribeMessage(7)
  numbered(): string {
    return 'let in';
  }

  @UsePipes(Nothing)
  @SubscribeMessage('piped')
  piped(@MessageBody() body: unknown): unknown {
    return body;
  }

  @SubscribeMessage('thrown')
  thrown(): never {
    throw new WsException({ status: 'error', message: 'no database' });
  }

  @SubscribeMessage('broken')
  broken(): never {
    throw new TypeError('out of order');
  }

  @SubscribeMessage('rejected')
  async rejected(): Promise<never> {
    throw new WsException('later');
  }

  @SubscribeMessage('streamed')
  streamed(): Observable<never> {
    return throwError(() => new WsException('in the end'));
  }

  @UseFilters(Apologies)
  @SubscribeMessage('filtered')
  filtered(): never {
    throw new WsException('sorry to say');
  }

  @SubscribeMessage('told, then thrown')
  told(@ConnectedSocket() client: Socket): never {
    client.emit('progress');
    throw new WsException('half way');
  }

  @SubscribeMessage('turned away')
  turnedAway(@ConnectedSocket() client: Socket): never {
    client.disconnect();
    throw new WsException('out');
  }

  @SubscribeMessage('renamed')
  renamed(): string {
    return 'by its new name';
  }

  @SubscribeMessage('fine')
  fine(@ConnectedSocket() client: Socket): string {
    client.emit('done');
    return 'fine';
  }
}

/** Takes its time to let a client in. */
@WebSocketGateway({ namespace: 'slow' })
class SlowGateway {
  async handleConnection(): Promise<void> {
    await delay(30);
  }

  @UseGuards(Nobody)
  @SubscribeMessage('guarded')
  guarded(): string {
    return 'let in';
  }
}

@Module({ imports: [WebsocketModule.forRoot()], providers: [StrictGateway, SlowGateway] })
class KitModule {}

@Module({ providers: [StrictGateway, SlowGateway] })
class PlainModule {}

/** What `close()` says of refusals after a test that did this. */
async function refusalsAfter(
  module: TestAppModule,
  body: (app: TestApp) => Promise<unknown>,
  options: TestAppOptions = {},
): Promise<UndeclaredRefusalsError | undefined> {
  const app = await startTestApp(module, { refusals: 'fail', ...options });
  await body(app);
  const closed: unknown = await app.close().catch((error: unknown) => error);
  const problems = (closed as AggregateError | undefined)?.errors as Error[] | undefined;
  const [problem, ...others] = problems ?? [];
  expect(others).toEqual([]);
  return problem as UndeclaredRefusalsError | undefined;
}

type TestAppModule = Parameters<typeof startTestApp>[0];

const refused = [
  ['guarded', 'by a guard', 'Forbidden resource'],
  ['piped', 'by a pipe', 'nothing will do'],
  ['guarded before', 'which a middleware renamed', 'Forbidden resource'],
  [7 as unknown as string, 'whose name is a number', 'Forbidden resource'],
  ['thrown', 'by a handler that throws', 'no database'],
  ['broken', 'by a handler with a bug', 'out of order'],
  ['rejected', 'by a handler that rejects', 'later'],
  ['streamed', 'by an Observable that fails', 'in the end'],
  ['filtered', 'which a filter answers by its own event', 'sorry to say'],
  ['denied', 'by a middleware of socket.use', 'not you'],
  ['nobody', 'because it has no handler', 'there is no handler for it'],
] as const;

describe.each<[string, TestAppModule]>([
  ['with WebsocketModule', KitModule],
  ['on plain Nest', PlainModule],
])('%s', (_, module) => {
  test.each(refused)('an undeclared refusal of "%s", %s, fails the test', async (event, _why, reason) => {
    const problem = await refusalsAfter(module, async (app) => {
      const alice = await app.connect({ name: 'alice' });
      alice.emit(event, 'x');
      await expect(alice).not.toReceive('welcome');
    });
    expect(problem).toBeInstanceOf(UndeclaredRefusalsError);
    expect(problem?.message).toContain(`alice's "${event}": ${reason}`);
  });

  test('the failure of an assertion says that a middleware refused the event', async () => {
    await using app = await startTestApp(module, { timeout: 600 });
    const alice = await app.connect({ name: 'alice' });
    alice.emit('denied', 'x');
    await expect(expect(alice).toReceive('welcome')).rejects.toThrow(
      `alice's "denied" ('x') failed: a middleware of socket.use refused it: not you`,
    );
  });

  test('an undeclared refusal of an event during handleConnection fails the test', async () => {
    const problem = await refusalsAfter(module, async (app) => {
      const alice = await app.connect({ name: 'alice', namespace: 'slow', until: 'connected' });
      alice.emit('guarded');
      await expect(alice).not.toReceive('welcome');
    });
    expect(problem?.message).toContain(`alice's "guarded": Forbidden resource`);
  });

  test('toRaiseException passes for an event that a middleware renamed', async () => {
    await using app = await startTestApp(module);
    const alice = await app.connect();
    await expect(alice.emitWithAck('guarded before')).toRaiseException('Forbidden resource');
  });

  test('an exception of one refusal does not declare another refusal', async () => {
    const problem = await refusalsAfter(module, async (app) => {
      const alice = await app.connect();
      alice.emit('guarded');
      alice.emit('thrown');
      await expect(alice).toReceive('exception', expect.objectContaining({ message: 'no database' }));
    });
    expect(problem?.refusals).toEqual([expect.objectContaining({ event: 'guarded' })]);
  });

  test('a refusal is declared when the test reads its event', async () => {
    const problem = await refusalsAfter(module, async (app) => {
      const alice = await app.connect();
      alice.emit('guarded');
      await expect(alice).toReceive('exception');
      alice.emit('piped', 1);
      await alice.next('exception');
      alice.emit('filtered');
      await expect(alice).toReceive('sorry', 'no');
      alice.emit('thrown');
      await app.settle();
      expect(alice.received('exception')).toHaveLength(3);
    });
    expect(problem).toBeUndefined();
  });

  test('a refusal is declared when a listener of the test receives its event', async () => {
    const problem = await refusalsAfter(module, async (app) => {
      const alice = await app.connect();
      const once = new Promise((resolve) => alice.socket.once('exception', resolve));
      alice.emit('guarded');
      await once;
      const any = new Promise((resolve) => alice.socket.onAny(resolve));
      alice.emit('piped', 1);
      await any;
      alice.socket.offAny();
    });
    expect(problem).toBeUndefined();
  });

  test('toBeDisconnected declares the refusal that disconnected the client', async () => {
    const problem = await refusalsAfter(module, async (app) => {
      const alice = await app.connect();
      alice.emit('turned away');
      await expect(alice).toBeDisconnected();
    });
    expect(problem).toBeUndefined();
  });

  test('an event that was sent before the refusal does not declare it', async () => {
    const problem = await refusalsAfter(module, async (app) => {
      const alice = await app.connect();
      alice.emit('told, then thrown');
      await expect(alice).toReceive('progress');
    });
    expect(problem?.message).toContain('half way');
  });

  test('an event that a middleware renames to a handled event is not refused', async () => {
    const problem = await refusalsAfter(module, async (app) => {
      const alice = await app.connect();
      alice.emit('old name');
    });
    expect(problem).toBeUndefined();
  });

  test('allowRefusals declares all refusals, or those with its reason', async () => {
    const break_ = async (app: TestApp): Promise<void> => {
      const alice = await app.connect();
      alice.emit('guarded');
      alice.emit('nobody');
    };
    const allow = (reason?: string | RegExp) => (app: TestApp) => (app.allowRefusals(reason), break_(app));
    expect(await refusalsAfter(module, allow())).toBeUndefined();
    const problem = await refusalsAfter(module, allow(/^Forbidden/));
    expect(problem?.refusals).toEqual([expect.objectContaining({ event: 'nobody' })]);
  });

  test('an undeclared refusal does not fail the test by default', async () => {
    const options = { refusals: undefined };
    const problem = await refusalsAfter(module, async (app) => (await app.connect()).emit('guarded'), options);
    expect(problem).toBeUndefined();
  });

  test('a handled event is not a refusal', async () => {
    const problem = await refusalsAfter(module, async (app) => {
      const alice = await app.connect();
      alice.emit('fine');
      await expect(alice).toReceive('done');
    });
    expect(problem).toBeUndefined();
  });
});

test('allowRefusals matches the message of a middleware that throws', async () => {
  const problem = await refusalsAfter(KitModule, async (app) => {
    const alice = await app.connect();
    app.allowRefusals('muted');
    alice.emit('muted');
  });
  expect(problem).toBeUndefined();
});

describe('an ack that is an error', () => {
  const asks = ['guarded', 'piped', 'thrown', 'rejected', 'nobody'] as const;

  test.each(asks)('fails the test when it is awaited and not inspected (%s)', async (event) => {
    const problem = await refusalsAfter(KitModule, async (app) => {
      const alice = await app.connect();
      await alice.emitWithAck(event, 1);
    });
    expect(problem).toBeInstanceOf(UndeclaredRefusalsError);
  });

  test.each<[string, (answer: { message: string }) => void]>([
    [
      'toEqual',
      (answer) => expect(answer).toEqual({ status: 'error', code: 'FORBIDDEN', message: 'Forbidden resource' }),
    ],
    [
      'toStrictEqual',
      (answer) => expect(answer).toStrictEqual({ status: 'error', code: 'FORBIDDEN', message: 'Forbidden resource' }),
    ],
    ['toMatchObject', (answer) => expect(answer).toMatchObject({ code: 'FORBIDDEN' })],
    ['toHaveProperty', (answer) => expect(answer).toHaveProperty('code', 'FORBIDDEN')],
    ['its message', ({ message }) => expect(message).toBe('Forbidden resource')],
    ['a copy', (answer) => expect({ ...answer }).toHaveProperty('code')],
    ['its text', (answer) => expect(JSON.stringify(answer)).toContain('FORBIDDEN')],
    ['a clone', (answer) => expect(structuredClone(answer)).toHaveProperty('code')],
  ])('is declared when plain expect inspects it (%s)', async (_, look) => {
    const problem = await refusalsAfter(KitModule, async (app) => {
      const alice = await app.connect();
      look((await alice.emitWithAck('guarded')) as { message: string });
    });
    expect(problem).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['part of its text', expect.objectContaining({ message: expect.stringContaining('Forbidden') as string })],
    ['a pattern of its text', expect.objectContaining({ message: expect.stringMatching(/^Forb/) as string })],
    ['its code', expect.objectContaining({ code: 'FORBIDDEN' })],
    ['its status', expect.objectContaining({ status: 'error' })],
  ])('passes toBeAcked with %s', async (_, expected) => {
    await using app = await startTestApp(KitModule);
    await expect((await app.connect()).emitWithAck('guarded')).toBeAcked(expected);
  });

  test('is declared when a callback of the test receives it', async () => {
    const problem = await refusalsAfter(KitModule, async (app) => {
      const alice = await app.connect();
      const answers: unknown[] = [];
      alice.emit('guarded', (answer: unknown) => answers.push(answer));
      await expect.poll(() => answers).toHaveLength(1);
    });
    expect(problem).toBeUndefined();
  });

  test.each<[string, (asking: Promise<unknown>) => Promise<void>]>([
    ['toRaiseException', (asking) => expect(asking).toRaiseException('Forbidden resource')],
    ['toBeAcked with its code', (asking) => expect(asking).toBeAcked(expect.objectContaining({ code: 'FORBIDDEN' }))],
    ['not.toBeAcked', (asking) => expect(asking).not.toBeAcked()],
  ])('is declared by %s', async (_, state) => {
    const problem = await refusalsAfter(KitModule, async (app) => {
      const alice = await app.connect();
      await state(alice.emitWithAck('guarded'));
    });
    expect(problem).toBeUndefined();
  });

  test.each<[string, (asking: Promise<unknown>) => Promise<void>]>([
    ['not.toBeAcked with a value', (asking) => expect(asking).not.toBeAcked('let in')],
    ['not.toRaiseException with another message', (asking) => expect(asking).not.toRaiseException('other')],
  ])('is not declared by %s', async (_, state) => {
    const problem = await refusalsAfter(KitModule, async (app) => {
      const alice = await app.connect();
      await state(alice.emitWithAck('guarded'));
    });
    expect(problem).toBeInstanceOf(UndeclaredRefusalsError);
  });

  test.each([
    expect.any(Object),
    expect.anything(),
    expect.objectContaining({}),
    expect.objectContaining({ message: expect.any(String) as string }),
    expect.not.objectContaining({ ok: true }),
  ])('fails toBeAcked with %s', async (expected) => {
    await using app = await startTestApp(KitModule);
    const alice = await app.connect();
    for (const event of asks) {
      const stated = expect(alice.emitWithAck(event, 1)).toBeAcked(expected);
      await expect(stated).rejects.toThrow('handling it failed: the ack was');
    }
    await expect(alice.emitWithAck('fine')).toBeAcked(expect.anything());
  });
});
