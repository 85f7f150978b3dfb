import { setTimeout as delay } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  Module,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { startTestApp, type TimelineEntry } from 'nest-realtime-kit/testing';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { concatMap, from, mergeMap, of, type Observable } from 'rxjs';
import type { Socket } from 'socket.io';
import { io } from 'socket.io-client';
import { describe, test as plainTest } from 'vitest';

const logger = new Logger('Traced');

@Injectable()
class TracedGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await delay(1);
    logger.log('guard');
    return true;
  }
}

@Injectable()
class TracedPipe implements PipeTransform {
  async transform(value: unknown): Promise<unknown> {
    await delay(1);
    if (typeof value === 'string') logger.log('pipe');
    return value;
  }
}

@Injectable()
class TracedInterceptor implements NestInterceptor {
  async intercept(_context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    await delay(1);
    logger.log('interceptor');
    return next.handle().pipe(
      mergeMap(async (value) => {
        await delay(1);
        logger.log('after the handler');
        return value as unknown;
      }),
    );
  }
}

@WebSocketGateway()
class TracedGateway {
  handleConnection(client: Socket): void {
    client.use((_packet, next) => {
      setTimeout(next, 1);
    });
    client.emit('welcome', { id: client.id, since: new Date().toISOString() });
  }

  async handleDisconnect(): Promise<void> {
    await delay(1);
    logger.log('left');
  }

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    await client.join(room);
    return room;
  }

  @UseGuards(TracedGuard)
  @UsePipes(TracedPipe)
  @UseInterceptors(TracedInterceptor)
  @SubscribeMessage('say')
  async say(@ConnectedSocket() client: Socket, @MessageBody() text: string): Promise<string> {
    await delay(1);
    client.to('lobby').emit('said', text, client.id);
    return 'ok';
  }

  @SubscribeMessage('ticks')
  ticks(): Observable<{ event: string; data: number }> {
    return from([1, 2]).pipe(
      concatMap((data) => delay(2).then(() => (logger.log(`tick ${data}`), { event: 'tick', data }))),
    );
  }

  @SubscribeMessage('question')
  async question(@ConnectedSocket() client: Socket): Promise<unknown> {
    return client.emitWithAck('question', 'why');
  }

  @SubscribeMessage('now')
  now(): Observable<string> {
    return of('now');
  }

  @SubscribeMessage('fail')
  fail(): never {
    throw new Error('it broke');
  }
}

@Module({ providers: [TracedGateway] })
class TracedModule {}

const test = realtimeTest(TracedModule);

type Logged = TimelineEntry & { kind: 'logged' };

function logged(entries: readonly TimelineEntry[]): Logged[] {
  return entries.filter((entry) => entry.kind === 'logged' && entry.context === 'Traced') as Logged[];
}

test('the timeline knows the cause of a log entry, through guards, pipes, interceptors, handlers and streams', async ({
  app,
  connect,
}) => {
  const [alice, bob] = [await connect({ name: 'alice' }), await connect({ name: 'bob' })];
  // Both at once, so that nothing but the context can tell them apart.
  await Promise.all([alice.emitWithAck('say', 'hi'), bob.emitWithAck('say', 'ho')]);
  alice.emit('ticks');
  await app.settle();
  await bob.disconnect();
  const causes = logged(app.timeline.entries).map(({ text, cause }) => `${cause?.client} ${cause?.event}: ${text}`);
  const steps = ['guard', 'interceptor', 'pipe', 'after the handler'];
  expect(causes.toSorted()).toEqual(
    [
      ...steps.map((step) => `alice say: ${step}`),
      ...steps.map((step) => `bob say: ${step}`),
      'alice ticks: tick 1',
      'alice ticks: tick 2',
      'bob disconnect: left',
    ].toSorted(),
  );
  await expect(app).toHaveLogged('guard', { by: bob, event: 'say' });
  await expect(app).not.toHaveLogged('left', { by: alice });
});

test('the timeline links received events, joins and acks to the event that caused them', async ({ app, connect }) => {
  const [alice, bob] = [await connect({ name: 'alice' }), await connect({ name: 'bob' })];
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'one');
  alice.emit('say', 'two');
  await app.settle();
  const { entries } = app.timeline;
  const sent = entries.filter((entry) => entry.kind === 'sent' && entry.event === 'say');
  const said = entries.filter((entry) => entry.kind === 'received' && entry.event === 'said');
  expect(said.map(({ cause }) => cause)).toEqual(
    sent.map(({ seq }) => ({ client: 'alice', event: 'say', entry: seq })),
  );
  const acked = entries.find((entry) => entry.kind === 'acked');
  const join = entries.find((entry) => entry.kind === 'sent' && entry.event === 'join');
  expect(acked).toMatchObject({ client: 'bob', event: 'join', args: ['lobby'], to: join?.seq });
  const joined = entries.find((entry) => entry.kind === 'joined');
  expect(joined).toMatchObject({ client: 'bob', room: 'lobby', cause: { entry: join?.seq } });
});

describe.for([['websocket'], ['polling'], ['polling', 'websocket']] as const)('over %s', (transports) => {
  test('the transcript of a scenario is the same in every run', async ({ app, connect }) => {
    const options = { transports: [...transports] };
    const alice = await connect({
      ...options,
      name: 'alice',
      on: { question: (_why: string, answer: (why: string) => void) => answer('because') },
    });
    const [carol, bob] = [await connect({ ...options, name: 'carol' }), await connect({ ...options, name: 'bob' })];
    await Promise.all([carol, bob].map((client) => client.emitWithAck('join', 'lobby')));
    await alice.emitWithAck('say', 'hi');
    await alice.emitWithAck('question');
    await expect(connect({ ...options, name: 'eve', namespace: '/cellar' })).toBeRefused();
    alice.emit('fail');
    await expect(app).toHaveLogged('Error: it broke', { level: 'error' });
    await bob.disconnect();
    await app.settle();
    expect(app.timeline.transcript().replaceAll(/^.+upgraded.+\n/gm, '')).toBe(
      `
alice connected to / by TRANSPORT
  → alice "welcome" ({ id: '<id of alice>', since: '<time>' })
carol connected to / by TRANSPORT
  → carol "welcome" ({ id: '<id of carol>', since: '<time>' })
bob connected to / by TRANSPORT
  → bob "welcome" ({ id: '<id of bob>', since: '<time>' })
carol → "join" ('lobby')
  carol joined room 'lobby'
  ack ('lobby')
bob → "join" ('lobby')
  bob joined room 'lobby'
  ack ('lobby')
alice → "say" ('hi')
  log [Traced] guard
  log [Traced] interceptor
  log [Traced] pipe
  log [Traced] after the handler
  → bob "said" ('hi', '<id of alice>')
  → carol "said" ('hi', '<id of alice>')
  ack ('ok')
alice → "question" ()
  → alice "question" ('why')
    alice → ack of "question" ('because')
  ack ('because')
eve refused by the namespace: Invalid namespace
alice → "fail" ()
  error [WsExceptionsHandler] Error: it broke
  → alice "exception" ({ status: 'error', message: 'Internal server error', cause: { pattern: 'fail' } })
bob gone, the server says: client namespace disconnect
  log [Traced] left`
        .trim()
        .replaceAll('TRANSPORT', transports[0]),
    );
  });
});

test('print() shows one line per entry, limited by client and by number', async ({ app, connect }) => {
  const alice = await connect({ name: 'alice' });
  await connect({ name: 'bob' });
  await alice.emitWithAck('now');
  const printed = app.timeline.print({ last: 2, clients: ['alice'] }).split('\n');
  expect(printed).toEqual([
    expect.stringMatching(/^… \d+ entries before or between$/),
    expect.stringMatching(/^ +\d+\.\d ms {2}alice → "now" \(\)$/),
    expect.stringMatching(/^ +\d+\.\d ms {2}alice ← ack of "now" \('now'\)$/),
  ]);
  expect(app.timeline.print()).toContain('bob connected to / by websocket');
});

test('the timeline exports itself as JSON, whatever the payload', async ({ app, connect }) => {
  const alice = await connect({ name: 'alice' });
  alice.emit('say', 'hi', { bytes: Buffer.from([1]), at: new Date(0) });
  await app.settle();
  const circle: Record<string, unknown> = { function: () => {}, big: 1n };
  circle.self = circle;
  new Logger('Traced').log('odd', circle);
  const exported = JSON.parse(JSON.stringify(app.timeline)) as { dropped: number; entries: TimelineEntry[] };
  expect(exported.dropped).toBe(0);
  expect(exported.entries).toHaveLength(app.timeline.entries.length);
  expect(exported.entries.find(({ kind }) => kind === 'sent')).toMatchObject({
    client: 'alice',
    event: 'say',
    args: ['hi', { bytes: { type: 'Buffer', data: [1] }, at: '1970-01-01T00:00:00.000Z' }],
  });
  expect(exported.entries.at(-1)).toMatchObject({
    text: 'odd',
    params: [{ function: '[function]', big: '1', self: '[circular]' }],
  });
});

test('the timeline shows what a client that other code opened did', async ({ app }) => {
  const stranger = io(app.url, { transports: ['websocket'], reconnection: false });
  try {
    const { id } = await new Promise<{ id: string }>((resolve) => stranger.once('welcome', resolve));
    await stranger.emitWithAck('join', 'lobby');
    expect(app.timeline.transcript()).toMatch(
      /^<stranger 1> connected to \/ by websocket\n {2}→ <stranger 1> "welcome" \(.+\)\n<stranger 1> → "join" \('lobby'\)\n {2}<stranger 1> joined room 'lobby'$/,
    );
    expect(app.timeline.print({ clients: [id] })).toContain(`${id} joined room 'lobby'`);
  } finally {
    stranger.disconnect();
    await expect.poll(() => app.io.sockets.sockets.size).toBe(0);
  }
});

plainTest('the timeline keeps the latest entries, and counts the dropped ones', async () => {
  await using app = await startTestApp(TracedModule, { timelineEntries: 200 });
  const alice = await app.connect({ name: 'alice' });
  for (let round = 0; round < 100; round += 1) alice.emit('now', round);
  await app.settle();
  const { entries, dropped } = app.timeline;
  expect(entries).toHaveLength(200);
  const last = entries.findLast(({ kind }) => kind === 'sent');
  expect(last).toMatchObject({ event: 'now', args: [99] });
  expect(entries.at(-1)?.seq).toBe(dropped + 200);
  expect(app.timeline.transcript()).toMatch(/^… \d+ earlier entries\n/);
});

plainTest('assertions work when the timeline is turned off', async () => {
  await using app = await startTestApp(TracedModule, { timelineEntries: 0 });
  const [alice, bob] = await app.connect(2);
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say', 'hi');
  await expect([bob]).toBeAllWhoReceive('said', 'hi', alice.id);
  await expect(alice.emitWithAck('fail')).toRaiseException('Internal server error');
  expect(app.timeline.entries).toEqual([]);
});

test('the timeline shows an event that no client received', async ({ app, connect }) => {
  const alice = await connect({ name: 'alice' });
  alice.emit('say', 'hi');
  await app.settle();
  app.io.to([alice.id, 'attic']).except(alice.id).emit('secret');
  app.io.emit('news');
  const sentences = app.timeline.entries.flatMap((entry) =>
    entry.kind === 'unheard' ? [[entry.event, entry.rooms, entry.cause?.event]] : [],
  );
  expect(sentences).toEqual([
    ['said', ['lobby'], 'say'],
    ['secret', ['alice', 'attic'], undefined],
  ]);
  expect(app.timeline.print()).toContain(`"said" ('hi', '${alice.id}') emitted to room 'lobby', where nobody got it`);
});
