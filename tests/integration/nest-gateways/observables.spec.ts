import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
  type WsResponse,
} from '@nestjs/websockets';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { BehaviorSubject, EMPTY, NEVER, Observable, Subject, concat, defer, from, map, of, throwError } from 'rxjs';
import type { Socket } from 'socket.io';
import { appOf } from '../support/nest-gateways/app-of.js';
import { exception } from '../support/nest-gateways/exception.js';
import { Gate } from '../support/nest-gateways/gate.js';
import { Journal } from '../support/nest-gateways/journal.js';

@WebSocketGateway()
class StreamGateway {
  private readonly ticks = new Subject<number>();
  private readonly topic = new BehaviorSubject('none');

  constructor(
    private readonly journal: Journal,
    private readonly gate: Gate,
  ) {}

  @SubscribeMessage('one')
  one(): Observable<string> {
    return of('only');
  }

  @SubscribeMessage('three values')
  values(): Observable<number> {
    return from([1, 2, 3]);
  }

  @SubscribeMessage('three responses')
  responses(): Observable<WsResponse<number>> {
    return from([1, 2, 3]).pipe(map((data) => ({ event: 'number', data })));
  }

  @SubscribeMessage('response, then value')
  mixed(): Observable<unknown> {
    return of({ event: 'number', data: 1 }, 'acked');
  }

  @SubscribeMessage('none')
  none(): Observable<never> {
    return EMPTY;
  }

  @SubscribeMessage('nothing between')
  nothingBetween(): Observable<unknown> {
    return of(undefined, { event: 'number', data: 1 }, null, { event: 'number', data: 2 });
  }

  @SubscribeMessage('promised')
  async promised(): Promise<Observable<WsResponse<number>>> {
    return Promise.resolve(this.responses());
  }

  @SubscribeMessage('failing')
  failing(@MessageBody() fails: boolean): Observable<WsResponse> {
    const numbers = this.responses();
    return fails
      ? concat(
          numbers,
          throwError(() => new WsException('stopped')),
        )
      : numbers;
  }

  @SubscribeMessage('failing at once')
  failingAtOnce(): Observable<never> {
    return throwError(() => new WsException('never began'));
  }

  @SubscribeMessage('failing unexpectedly')
  failingUnexpectedly(): Observable<never> {
    return throwError(() => new Error('secret of the server'));
  }

  @SubscribeMessage('deferred')
  deferred(): Observable<string> {
    return defer(async () => Promise.resolve('deferred'));
  }

  @SubscribeMessage('ticks')
  onTicks(): Observable<WsResponse<number>> {
    return new Observable((subscriber) => {
      this.journal.note('subscribed');
      const subscription = this.ticks.subscribe((data) => {
        subscriber.next({ event: 'tick', data });
      });
      return () => {
        subscription.unsubscribe();
        this.journal.note('unsubscribed');
      };
    });
  }

  @SubscribeMessage('ticks, later')
  async onTicksLater(): Promise<Observable<WsResponse<number>>> {
    await this.gate.opened;
    return this.onTicks();
  }

  @SubscribeMessage('ticks, and leave')
  ticksAndLeave(@ConnectedSocket() client: Socket): Observable<WsResponse<number>> {
    client.disconnect();
    return this.onTicks();
  }

  @SubscribeMessage('tick')
  tick(@MessageBody() count: number): void {
    this.ticks.next(count);
  }

  @SubscribeMessage('topic')
  onTopic(): Observable<WsResponse<string>> {
    return this.topic.pipe(map((data) => ({ event: 'topic', data })));
  }

  @SubscribeMessage('change topic')
  changeTopic(@MessageBody() topic: string): void {
    this.topic.next(topic);
  }

  @SubscribeMessage('leave')
  leave(@ConnectedSocket() client: Socket): Observable<never> {
    client.disconnect();
    return NEVER;
  }
}

const test = realtimeTest(appOf(StreamGateway, Gate), { scope: 'file', ignoreOpenStreams: true });

test('a single value of an Observable is the ack', async ({ connect }) => {
  const alice = await connect();
  expect(await alice.emitWithAck('one')).toBe('only');
  expect(await alice.emitWithAck('deferred')).toBe('deferred');
});

test('the first of several values of an Observable is the ack', async ({ app, connect }) => {
  const alice = await connect();
  const answers: unknown[] = [];
  alice.emit('three values', (answer: unknown) => answers.push(answer));
  await app.settle();
  expect(answers).toEqual([1]);
});

test('values of an Observable are dropped when the client requests no ack', async ({ connect }) => {
  const alice = await connect();
  alice.emit('three values');
  await expect(alice).toReceiveExactly();
});

for (const event of ['three responses', 'promised']) {
  test(`an Observable emits each event in order, only to the sender: ${event}`, async ({ connect }) => {
    const [alice, bob] = await connect(2);
    alice.emit(event);
    await expect(alice).toReceiveExactly(['number', 1], ['number', 2], ['number', 3]);
    await expect(bob).toReceiveExactly();
  });
}

test('an Observable can emit an event and ack a value', async ({ connect }) => {
  const alice = await connect();
  expect(await alice.emitWithAck('response, then value')).toBe('acked');
  await expect(alice).toReceiveExactly(['number', 1]);
});

test('an empty Observable emits nothing', async ({ connect }) => {
  const alice = await connect();
  alice.emit('none');
  await expect(alice).toReceiveExactly();
});

test('undefined and null values of an Observable are skipped', async ({ connect }) => {
  const alice = await connect();
  alice.emit('nothing between');
  await expect(alice).toReceiveExactly(['number', 1], ['number', 2]);
});

test('an Observable that fails emits its earlier events, and then "exception"', async ({ connect }) => {
  const alice = await connect();
  alice.emit('failing', true);
  await expect(alice).toReceiveExactly(
    ['number', 1],
    ['number', 2],
    ['number', 3],
    ['exception', exception('stopped')],
  );
  alice.emit('failing at once');
  await expect(alice).toReceiveExactly(['exception', exception('never began')]);
});

test('an Observable that failed leaves its event and other events working', async ({ connect }) => {
  const alice = await connect();
  alice.emit('failing', true);
  await expect(alice).toReceive('exception');
  alice.emit('failing', false);
  await expect(alice).toReceiveTimes(6, 'number');
  expect(await alice.emitWithAck('one')).toBe('only');
});

test('an unexpected error of an Observable is logged and hidden from the client', async ({ app, connect }) => {
  const alice = await connect();
  alice.emit('failing unexpectedly');
  await expect(alice).toReceiveExactly(['exception', exception('Internal server error')]);
  await expect(app).toHaveLogged(/secret of the server/, { level: 'error' });
  expect(JSON.stringify(alice.received('exception'))).not.toContain('secret');
});

test('an open Observable keeps emitting while other messages are handled', async ({ connect }) => {
  const [alice, bob] = await connect(2);
  alice.emit('ticks');
  expect(await alice.emitWithAck('one')).toBe('only');
  bob.emit('tick', 1);
  await expect(alice).toReceiveExactly(['tick', 1]);
  bob.emit('tick', 2);
  await expect(alice).toReceiveExactly(['tick', 2]);
  await expect(bob).toReceiveExactly();
});

test('each message has its own subscription', async ({ connect }) => {
  const [alice, bob] = await connect(2);
  alice.emit('ticks');
  alice.emit('ticks');
  bob.emit('ticks');
  await alice.emitWithAck('one');
  await bob.emitWithAck('one');
  bob.emit('tick', 1);
  await expect(alice).toReceiveTimes(2, 'tick', 1);
  await expect(bob).toReceiveTimes(1, 'tick', 1);
});

test('a shared Observable emits to each client from its own message on', async ({ connect }) => {
  const [alice, bob] = await connect(2);
  alice.emit('topic');
  await expect(alice).toReceiveExactly(['topic', 'none']);
  alice.emit('change topic', 'weather');
  await expect(alice).toReceiveExactly(['topic', 'weather']);
  bob.emit('topic');
  await expect(bob).toReceiveExactly(['topic', 'weather']);
  await expect(alice).toReceiveExactly();
});

const ownApp = realtimeTest(appOf(StreamGateway, Gate), { ignoreOpenStreams: true });

ownApp('an open Observable is unsubscribed when its client disconnects', async ({ app, connect }) => {
  const [alice, bob] = await connect(2);
  alice.emit('ticks');
  bob.emit('ticks');
  await app.settle();
  const { entries } = app.get(Journal);
  expect(entries).toEqual(['subscribed', 'subscribed']);
  await alice.disconnect();
  expect(entries).toEqual(['subscribed', 'subscribed', 'unsubscribed']);
  bob.emit('tick', 1);
  await expect(bob).toReceiveExactly(['tick', 1]);
});

ownApp('an open Observable is unsubscribed when the server disconnects its client', async ({ app, connect }) => {
  const alice = await connect();
  alice.emit('ticks');
  await app.settle();
  alice.emit('leave');
  await expect(alice).toBeDisconnected();
  await app.settle();
  expect(app.get(Journal).entries).toEqual(['subscribed', 'unsubscribed']);
});

/** How many streams are still subscribed to. */
function open(entries: readonly unknown[]): number {
  const times = (what: string): number => entries.filter((entry) => entry === what).length;
  return times('subscribed') - times('unsubscribed');
}

ownApp('an Observable that a handler returns after its client left is unsubscribed', async ({ app, connect }) => {
  const alice = await connect();
  alice.emit('ticks, later');
  await alice.disconnect();
  app.get(Gate).open();
  await app.settle();
  expect(open(app.get(Journal).entries)).toBe(0);
});

ownApp(
  'an Observable that a handler returns after it disconnected its client is unsubscribed',
  async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('ticks, and leave');
    await expect(alice).toBeDisconnected('io server disconnect');
    await app.settle();
    expect(open(app.get(Journal).entries)).toBe(0);
  },
);
