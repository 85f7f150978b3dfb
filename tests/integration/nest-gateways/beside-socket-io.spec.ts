import { AsyncLocalStorage } from 'node:async_hooks';
import { UseGuards } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Namespace, Server, Socket } from 'socket.io';
import { describe } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { exception } from '../support/nest-gateways/exception.js';
import { Journal } from '../support/nest-gateways/journal.js';

describe("listeners of the socket, beside a gateway's handlers", () => {
  @WebSocketGateway()
  class ListeningGateway {
    constructor(private readonly journal: Journal) {}

    handleConnection(client: Socket): void {
      client.onAny((event: string, ...args: unknown[]) => {
        this.journal.note(['any', event, ...args.filter((arg) => typeof arg !== 'function')]);
      });
      client.on('raw', (body: unknown, ack?: (answer: unknown) => void) => {
        this.journal.note(['raw', body]);
        ack?.({ raw: body });
      });
      client.on('both', (body: unknown) => {
        this.journal.note(['raw', body]);
      });
      client.once('once', (body: unknown) => {
        this.journal.note(['once', body]);
      });
      client.on('disconnecting', (reason: string) => {
        this.journal.note(['disconnecting', reason, client.rooms.has(client.id)]);
      });
      client.on('disconnect', (reason: string) => {
        this.journal.note(['disconnect', reason, client.rooms.has(client.id)]);
      });
      client.onAnyOutgoing((event: string) => {
        this.journal.note(['out', event]);
      });
    }

    @SubscribeMessage('both')
    both(@MessageBody() body: unknown): string {
      this.journal.note(['handler', body]);
      return 'answered';
    }

    @SubscribeMessage('answer')
    answer(): { event: string; data: number } {
      return { event: 'answered', data: 1 };
    }

    @SubscribeMessage('listen')
    listen(@ConnectedSocket() client: Socket, @MessageBody() event: string): string {
      client.on(event, (body: unknown) => {
        this.journal.note(['added', body]);
      });
      return 'listening';
    }
  }

  const test = realtimeTest(appOf(ListeningGateway));
  const without = (entries: readonly unknown[], kind: string): unknown[] =>
    (entries as unknown[][]).filter(([first]) => first !== kind);

  test('receive and ack an event without a handler', async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('raw', 'hi')).toEqual({ raw: 'hi' });
    expect(without(app.get(Journal).entries, 'any')).toEqual([['raw', 'hi']]);
  });

  test('also receive an event that has a handler', async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('both', 'hi')).toBe('answered');
    const { entries } = app.get(Journal);
    expect(new Set(without(entries, 'any'))).toEqual(
      new Set([
        ['raw', 'hi'],
        ['handler', 'hi'],
      ]),
    );
    expect(entries).toHaveLength(3);
  });

  test('of onAny receive every event', async ({ app, connect }) => {
    const alice = await connect();
    for (const event of ['raw', 'both', 'nobody']) alice.emit(event, 1);
    await app.settle();
    expect((app.get(Journal).entries as unknown[][]).filter(([kind]) => kind === 'any')).toEqual([
      ['any', 'raw', 1],
      ['any', 'both', 1],
      ['any', 'nobody', 1],
    ]);
  });

  test('of onAnyOutgoing receive the event that a handler returns', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('answer');
    await expect(alice).toReceiveExactly(['answered', 1]);
    expect(app.get(Journal).entries).toContainEqual(['out', 'answered']);
  });

  test('of once receive one event', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('once', 1);
    alice.emit('once', 2);
    await app.settle();
    expect(without(app.get(Journal).entries, 'any')).toEqual([['once', 1]]);
  });

  test('receive disconnecting and disconnect', async ({ app, connect }) => {
    const alice = await connect();
    await alice.disconnect();
    expect(app.get(Journal).entries).toEqual([
      ['disconnecting', 'client namespace disconnect', true],
      ['disconnect', 'client namespace disconnect', false],
    ]);
  });

  test('can be added by a handler', async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('listen', 'new')).toBe('listening');
    alice.emit('new', 1);
    await app.settle();
    expect(without(app.get(Journal).entries, 'any')).toEqual([['added', 1]]);
  });
});

describe('listeners of "connection", beside handleConnection', () => {
  @WebSocketGateway({ namespace: 'chat' })
  class ListeningGateway {
    afterInit(namespace: Namespace): void {
      namespace.on('connection', (client) => {
        client.on('raw', (ack: (answer: string) => void) => {
          ack(`${client.id} of ${namespace.name}`);
        });
      });
    }

    handleConnection(client: Socket): void {
      client.emit('welcome');
    }

    @SubscribeMessage('handled')
    handled(): string {
      return 'handled';
    }
  }

  realtimeTest(appOf(ListeningGateway))('receive each client', async ({ connect }) => {
    const alice = await connect({ namespace: 'chat' });
    await expect(alice).toReceiveExactly(['welcome']);
    expect(await alice.emitWithAck('raw')).toBe(`${alice.id} of /chat`);
    expect(await alice.emitWithAck('handled')).toBe('handled');
  });
});

describe('middlewares of the socket', () => {
  const trace = new AsyncLocalStorage<string>();

  @WebSocketGateway()
  class MiddlewareGateway {
    constructor(private readonly journal: Journal) {}

    handleConnection(client: Socket): void {
      client.use(([event, body], next) => {
        if (body === 'refuse') next(new Error(`refused ${event}`));
        else next();
      });
      client.use((packet, next) => {
        if (typeof packet[1] === 'string') packet[1] = packet[1].toUpperCase();
        setImmediate(next);
      });
      client.use((packet, next) => {
        if (packet[0] === 'old name') packet[0] = 'new name';
        const ack: unknown = packet.at(-1);
        if (packet[0] === 'stamped' && typeof ack === 'function') {
          packet[packet.length - 1] = (answer: unknown) => {
            ack({ answer, stamp: 'seen' });
          };
        }
        next();
      });
      client.use((_packet, next) => {
        trace.run(`of ${client.id}`, next);
      });
      client.on('error', (error: Error) => client.emit('refused', error.message));
    }

    @SubscribeMessage('new name')
    newName(@MessageBody() body: string): string {
      return `${body} by its new name`;
    }

    @SubscribeMessage('stamped')
    stamped(@MessageBody() body: string): string {
      return body;
    }

    @SubscribeMessage('trace')
    async trace(): Promise<string | undefined> {
      await Promise.resolve();
      return trace.getStore();
    }

    @UseGuards({
      canActivate(context) {
        return context.switchToWs().getData<string>() !== 'LET ME';
      },
    })
    @SubscribeMessage('say')
    say(@MessageBody() body: string): string {
      this.journal.note(body);
      return body;
    }

    @SubscribeMessage('close the door')
    closeTheDoor(@ConnectedSocket() client: Socket): string {
      client.use(([event], next) => {
        next(new Error(`too late for ${event}`));
      });
      return 'closed';
    }
  }

  const test = realtimeTest(appOf(MiddlewareGateway));

  test('run before the handlers and the guards, and can change their payload', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('say', 'hi')).toBe('HI');
    alice.emit('say', 'let me');
    await expect(alice).toReceiveExactly(['exception', exception('Forbidden resource')]);
  });

  test('can rename an event', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('old name', 'hi')).toBe('HI by its new name');
  });

  test('can wrap the ack', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('stamped', 'hi')).toEqual({ answer: 'HI', stamp: 'seen' });
  });

  test('can give the handlers an AsyncLocalStorage context', async ({ connect }) => {
    const [alice, bob] = await connect(2);
    expect(await alice.emitWithAck('trace')).toBe(`of ${alice.id}`);
    expect(await bob.emitWithAck('trace')).toBe(`of ${bob.id}`);
  });

  test('keep a refused event from the handlers', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('say', 'refuse');
    await expect(alice).toReceiveInOrder(['refused', 'refused say'], ['exception']);
    expect(app.get(Journal).entries).toEqual([]);
  });

  test('apply from the moment when they are added', async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('say', 'before')).toBe('BEFORE');
    expect(await alice.emitWithAck('close the door')).toBe('closed');
    alice.emit('say', 'after');
    await expect(alice).toReceiveInOrder(['refused', 'too late for say'], ['exception']);
    expect(app.get(Journal).entries).toEqual(['BEFORE']);
  });
});

describe('middlewares of the namespace', () => {
  @WebSocketGateway({ namespace: 'members' })
  class MembersGateway {
    afterInit(server: Server): void {
      server.use((client, next) => {
        const { user } = client.handshake.auth;
        if (user === undefined) next(Object.assign(new Error('members only'), { data: { code: 'NOT_A_MEMBER' } }));
        else setImmediate(next);
        (client.data as Record<string, unknown>).user = user;
      });
    }

    @SubscribeMessage('who am I')
    whoAmI(@ConnectedSocket() client: Socket): unknown {
      return (client.data as Record<string, unknown>).user;
    }
  }

  const test = realtimeTest(appOf(MembersGateway));

  test('accept clients, and set their data', async ({ connect }) => {
    const alice = await connect({ namespace: 'members', auth: { user: 'alice' } });
    expect(await alice.emitWithAck('who am I')).toBe('alice');
  });

  test('refuse clients with a reason', async ({ connect }) => {
    await expect(connect({ namespace: 'members' })).toBeRefused('members only', {
      data: { code: 'NOT_A_MEMBER' },
    });
  });
});

describe('a handler', () => {
  @WebSocketGateway()
  class RoomsGateway {
    @SubscribeMessage('join')
    async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string[]> {
      await client.join(room);
      return [...client.rooms].filter((name) => name !== client.id);
    }

    @SubscribeMessage('say')
    say(@ConnectedSocket() client: Socket, @MessageBody('room') room: string, @MessageBody('text') text: string): void {
      client.to(room).emit('said', text);
    }

    @SubscribeMessage('ask back')
    async askBack(@ConnectedSocket() client: Socket, @MessageBody() question: string): Promise<unknown> {
      const answer: unknown = await client.timeout(1_000).emitWithAck('question', question);
      return { answer };
    }

    @SubscribeMessage('tell a lot')
    tellALot(@ConnectedSocket() client: Socket): void {
      client.emit('several', 1, 'two', { three: [3] }, Buffer.from([4]));
    }
  }

  const test = realtimeTest(appOf(RoomsGateway));

  test('can let the client join a room and emit to it', async ({ connect }) => {
    const [alice, bob, carol] = await connect(3);
    expect(await alice.emitWithAck('join', 'lobby')).toEqual(['lobby']);
    await bob.emitWithAck('join', 'lobby');
    alice.emit('say', { room: 'lobby', text: 'hi' });
    await expect([bob]).toBeAllWhoReceive('said', 'hi');
    await expect(carol).not.toReceive('said');
  });

  test('can wait for an ack of the client while it handles a message', async ({ connect }) => {
    const alice = await connect({
      on: { question: (text: string, ack: (answer: string) => void) => ack(`${text}, yes`) },
    });
    expect(await alice.emitWithAck('ask back', 'really?')).toEqual({ answer: 'really?, yes' });
  });

  test('can emit several values', async ({ connect }) => {
    const alice = await connect();
    alice.emit('tell a lot');
    await expect(alice).toReceiveExactly(['several', 1, 'two', { three: [3] }, Buffer.from([4])]);
  });
});
