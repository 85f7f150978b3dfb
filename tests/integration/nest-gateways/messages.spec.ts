import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Socket } from 'socket.io';
import { describe } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { Gate } from '../support/nest-gateways/gate.js';
import { Journal } from '../support/nest-gateways/journal.js';

describe('the parameters of a handler', () => {
  @WebSocketGateway()
  class ParametersGateway {
    @SubscribeMessage('body')
    body(@MessageBody() body: unknown): unknown {
      return { body };
    }

    @SubscribeMessage('property')
    property(@MessageBody('id') id: number): unknown {
      return { id };
    }

    @SubscribeMessage('properties')
    properties(@MessageBody('name') name: string, @MessageBody('id') id: number): unknown {
      return { name, id };
    }

    @SubscribeMessage('socket')
    socket(@ConnectedSocket() client: Socket): string {
      return client.id;
    }

    @SubscribeMessage('any order')
    anyOrder(@MessageBody() body: unknown, undecorated: unknown, @ConnectedSocket() client: Socket): unknown {
      return { body, undecorated: typeof undecorated, id: client.id };
    }

    @SubscribeMessage('undecorated')
    undecorated(client: Socket, body: unknown): unknown {
      return { body, id: client.id };
    }

    @SubscribeMessage('undecorated ack')
    undecoratedAck(_client: Socket, body: unknown, ack: (answer: unknown) => void): void {
      ack({ byHand: body });
    }

    @SubscribeMessage('this')
    usesItself(): string {
      return this.constructor.name;
    }
  }

  const test = realtimeTest(appOf(ParametersGateway));

  test('@MessageBody() is what the client sent', async ({ connect }) => {
    const alice = await connect();
    for (const body of ['text', 0, false, null, { nested: { list: [1, 'two', null] } }, [], [1, 2]]) {
      expect(await alice.emitWithAck('body', body)).toEqual({ body });
    }
  });

  test('@MessageBody() is a buffer when the client sent one', async ({ connect }) => {
    const alice = await connect();
    const body = Buffer.from([1, 2, 3]);
    expect(await alice.emitWithAck('body', body)).toEqual({ body });
  });

  test('@MessageBody() is undefined when the client sent nothing', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('body')).toEqual({});
  });

  test('@MessageBody() is the list of arguments when the client sent several', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('body', 1, 'two', { three: 3 })).toEqual({
      body: [1, 'two', { three: 3 }],
    });
  });

  test('@MessageBody(key) is that property of the payload', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('property', { id: 7, name: 'seven' })).toEqual({ id: 7 });
    expect(await alice.emitWithAck('properties', { id: 7, name: 'seven' })).toEqual({ id: 7, name: 'seven' });
  });

  test('@MessageBody(key) is undefined when the property or the payload is missing', async ({ connect }) => {
    const alice = await connect();
    for (const body of [{}, 'text', 5, null]) expect(await alice.emitWithAck('property', body)).toEqual({});
    expect(await alice.emitWithAck('property')).toEqual({});
  });

  test('@ConnectedSocket() is the socket of the sender', async ({ connect }) => {
    const [alice, bob] = await connect(2);
    expect(await alice.emitWithAck('socket')).toBe(alice.id);
    expect(await bob.emitWithAck('socket')).toBe(bob.id);
  });

  test('decorated parameters may be in any order, and an undecorated one beside them is undefined', async ({
    connect,
  }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('any order', 'hi')).toEqual({
      body: 'hi',
      undecorated: 'undefined',
      id: alice.id,
    });
  });

  test('undecorated parameters are the socket, the payload and the ack', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('undecorated', { a: 1 })).toEqual({ body: { a: 1 }, id: alice.id });
    expect(await alice.emitWithAck('undecorated ack', 'hi')).toEqual({ byHand: 'hi' });
  });

  test('`this` is the gateway', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('this')).toBe('ParametersGateway');
  });
});

describe('the return value of a handler', () => {
  class Sum implements WsResponse<number> {
    readonly event = 'sum';
    constructor(readonly data: number) {}
  }

  @WebSocketGateway()
  class ResultsGateway {
    constructor(private readonly journal: Journal) {}

    @SubscribeMessage('falsy')
    falsy(@MessageBody() which: string): unknown {
      return { zero: 0, no: false, empty: '' }[which];
    }

    @SubscribeMessage('list')
    list(): number[] {
      return [1, 2];
    }

    @SubscribeMessage('async')
    async asynchronous(@MessageBody() body: string): Promise<string> {
      await Promise.resolve();
      return `${body}, later`;
    }

    @SubscribeMessage('nothing')
    nothing(@MessageBody() body: unknown): void {
      this.journal.note(body);
    }

    @SubscribeMessage('nothing, later')
    async nothingLater(@MessageBody() body: unknown): Promise<null> {
      this.journal.note(body);
      return Promise.resolve(null);
    }

    @SubscribeMessage('response')
    response(@MessageBody() data: unknown): WsResponse {
      return { event: 'answer', data };
    }

    @SubscribeMessage('response, later')
    async responseLater(@MessageBody() data: unknown): Promise<WsResponse> {
      return Promise.resolve({ event: 'answer', data });
    }

    @SubscribeMessage('response without data')
    responseWithoutData(): { event: string } {
      return { event: 'answer' };
    }

    @SubscribeMessage('response of a class')
    responseOfClass(@MessageBody() [a, b]: [number, number]): Sum {
      return new Sum(a + b);
    }
  }

  const test = realtimeTest(appOf(ResultsGateway));

  test('is the ack', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('list')).toEqual([1, 2]);
    expect(await alice.emitWithAck('async', 'hi')).toBe('hi, later');
  });

  test('is the ack even when it is falsy', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('falsy', 'zero')).toBe(0);
    expect(await alice.emitWithAck('falsy', 'no')).toBe(false);
    expect(await alice.emitWithAck('falsy', 'empty')).toBe('');
  });

  test('is dropped when the client requests no ack', async ({ connect }) => {
    const [alice, bob] = await connect(2);
    for (const event of ['list', 'async', 'falsy']) alice.emit(event, 'zero');
    await expect(alice).toReceiveExactly();
    await expect(bob).toReceiveExactly();
  });

  test('emits nothing when it is undefined or null', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('nothing', 1);
    alice.emit('nothing, later', 2);
    await expect(alice).toReceiveExactly();
    expect(app.get(Journal).entries).toEqual([1, 2]);
  });

  for (const event of ['response', 'response, later']) {
    test(`is emitted only to the sender when it has an event and data: ${event}`, async ({ connect }) => {
      const [alice, bob] = await connect(2);
      for (const data of ['text', 0, { list: [1] }, [1, 2], Buffer.from('binary')]) {
        alice.emit(event, data);
        await expect(alice).toReceiveExactly(['answer', data]);
      }
      await expect(bob).toReceiveExactly();
    });
  }

  test('can have an event and no data', async ({ connect }) => {
    const alice = await connect();
    alice.emit('response without data');
    await expect(alice).toReceive('answer');
  });

  test('can be of a class that implements WsResponse', async ({ connect }) => {
    const alice = await connect();
    alice.emit('response of a class', [1, 2]);
    await expect(alice).toReceiveExactly(['sum', 3]);
  });
});

describe('several messages at once', () => {
  @WebSocketGateway()
  class GateGateway {
    constructor(
      private readonly gate: Gate,
      private readonly journal: Journal,
    ) {}

    @SubscribeMessage('wait')
    async wait(@MessageBody() who: string): Promise<string> {
      await this.gate.opened;
      return `${who} has waited`;
    }

    @SubscribeMessage('open')
    open(): string {
      this.gate.open();
      return 'opened';
    }

    @SubscribeMessage('note')
    note(@MessageBody() entry: number): void {
      this.journal.note(entry);
    }
  }

  const test = realtimeTest(appOf(GateGateway, Gate));

  test('do not wait for a pending handler of the same or another event', async ({ connect }) => {
    const [alice, bob] = await connect(2);
    const waiting = [
      alice.emitWithAck('wait', 'first'),
      alice.emitWithAck('wait', 'second'),
      bob.emitWithAck('wait', 'bob'),
    ];
    expect(await alice.emitWithAck('open')).toBe('opened');
    expect(await Promise.all(waiting)).toEqual(['first has waited', 'second has waited', 'bob has waited']);
  });

  test('are handled in the order in which the client sent them', async ({ app, connect }) => {
    const alice = await connect();
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    for (const number of numbers) alice.emit('note', number);
    await app.settle();
    expect(app.get(Journal).entries).toEqual(numbers);
  });
});

describe('handlers for the same event', () => {
  @WebSocketGateway()
  class FirstGateway {
    constructor(private readonly journal: Journal) {}

    @SubscribeMessage('shared')
    one(@MessageBody() body: string): WsResponse {
      this.journal.note(`one: ${body}`);
      return { event: 'one', data: body };
    }

    @SubscribeMessage('shared')
    two(@MessageBody() body: string): WsResponse {
      this.journal.note(`two: ${body}`);
      return { event: 'two', data: body };
    }

    @SubscribeMessage('answered twice')
    answer(): string {
      return 'answered';
    }

    @SubscribeMessage('answered by one')
    silent(): void {
      this.journal.note('silent');
    }
  }

  @WebSocketGateway()
  class SecondGateway {
    constructor(private readonly journal: Journal) {}

    @SubscribeMessage('shared')
    three(@MessageBody() body: string): WsResponse {
      this.journal.note(`three: ${body}`);
      return { event: 'three', data: body };
    }

    @SubscribeMessage('answered twice')
    answer(): string {
      return 'answered';
    }

    @SubscribeMessage('answered by one')
    async answerLater(): Promise<string> {
      return Promise.resolve('answered');
    }
  }

  const test = realtimeTest(appOf(FirstGateway, SecondGateway));

  test('all run, in one gateway and in several, and each emits its event', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('shared', 'hi');
    for (const event of ['one', 'two', 'three']) await expect(alice).toReceiveTimes(1, event, 'hi');
    expect(new Set(app.get(Journal).entries)).toEqual(new Set(['one: hi', 'two: hi', 'three: hi']));
  });

  test('run in the order in which their gateway declares them', async ({ connect }) => {
    const alice = await connect();
    alice.emit('shared', 'hi');
    await expect(alice).toReceiveInOrder(['one', 'hi'], ['two', 'hi']);
  });

  test('ack the client once', async ({ app, connect }) => {
    const alice = await connect();
    const answers: unknown[] = [];
    alice.emit('answered twice', (answer: unknown) => answers.push(answer));
    await app.settle();
    expect(answers).toEqual(['answered']);
  });

  test('ack with the value of the handler that returns one', async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('answered by one')).toBe('answered');
    expect(app.get(Journal).entries).toEqual(['silent']);
  });
});

describe('the name of an event', () => {
  @WebSocketGateway()
  class NamesGateway {
    @SubscribeMessage('constructor')
    likeInherited(): string {
      return 'constructor';
    }

    @SubscribeMessage('__proto__')
    likePrototype(): string {
      return '__proto__';
    }

    @SubscribeMessage('chat:message/Ünïcode ✓')
    likeText(): string {
      return 'unicode';
    }

    @SubscribeMessage('error')
    likeNodes(): string {
      return 'error';
    }

    @SubscribeMessage(7)
    number(): string {
      return 'seven';
    }

    notSubscribed(): string {
      return 'not to be called';
    }
  }

  const test = realtimeTest(appOf(NamesGateway));

  test('can be any string, even one that every object inherits, or a number', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('constructor')).toBe('constructor');
    expect(await alice.emitWithAck('__proto__')).toBe('__proto__');
    expect(await alice.emitWithAck('error')).toBe('error');
    expect(await alice.emitWithAck('chat:message/Ünïcode ✓')).toBe('unicode');
    expect(await alice.emitWithAck(7 as unknown as string)).toBe('seven');
  });

  test('has no effect when no handler has it', async ({ app, connect }) => {
    const alice = await connect();
    app.allowRefusals('there is no handler for it');
    for (const event of ['toString', 'hasOwnProperty', 'notSubscribed', 'Constructor', '']) alice.emit(event, 'hi');
    await expect(alice).toReceiveExactly();
    expect(alice.connected).toBe(true);
    expect(app.logs.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
