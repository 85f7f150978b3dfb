import {
  BadRequestException,
  DefaultValuePipe,
  Injectable,
  ParseIntPipe,
  StandardSchemaValidationPipe,
  UsePipes,
  ValidationPipe,
  type ArgumentMetadata,
  type PipeTransform,
} from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { Type } from 'class-transformer';
import { IsInt, IsString, Min, ValidateNested } from 'class-validator';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { Socket } from 'socket.io';
import { describe } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { anyException, exception } from '../support/nest-gateways/exception.js';
import { Journal } from '../support/nest-gateways/journal.js';

/** Adds a letter to every text, and leaves alone what is none, such as the client. */
function letter(which: string): PipeTransform {
  return { transform: (value: unknown) => (typeof value === 'string' ? value + which : value) };
}

describe('pipes', () => {
  @Injectable()
  class SuffixPipe implements PipeTransform {
    constructor(private readonly journal: Journal) {}

    async transform(value: unknown): Promise<unknown> {
      await Promise.resolve();
      if (typeof value !== 'string') return value;
      this.journal.note(value);
      return `${value}!`;
    }
  }

  @UsePipes(letter('a'))
  @WebSocketGateway()
  class LettersGateway {
    @UsePipes(letter('b'), letter('c'))
    @SubscribeMessage('letters')
    letters(@MessageBody(letter('d'), letter('e')) body: string): string {
      return body;
    }

    @SubscribeMessage('property')
    property(@MessageBody('name', letter('b')) name: string, @MessageBody('other') other: string): unknown {
      return { name, other };
    }

    @SubscribeMessage('client')
    client(@ConnectedSocket() client: Socket, @MessageBody() body: string): unknown {
      return { isSocket: client instanceof Socket, body };
    }

    @SubscribeMessage('undecorated')
    undecorated(client: Socket, body: string): unknown {
      return { isSocket: client instanceof Socket, body };
    }

    @SubscribeMessage('injected')
    injected(@MessageBody(SuffixPipe) body: string): string {
      return body;
    }
  }

  const test = realtimeTest(appOf(LettersGateway));

  test("transform the payload: the gateway's first, then the handler's, then the parameter's", async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('letters', '-')).toBe('-abcde');
  });

  test('transform a property of the payload', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('property', { name: '1', other: '2' })).toEqual({
      name: '1ab',
      other: '2a',
    });
  });

  test('do not transform the socket, with or without decorators', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('client', '-')).toEqual({ isSocket: true, body: '-a' });
    expect(await alice.emitWithAck('undecorated', '-')).toEqual({ isSocket: true, body: '-a' });
  });

  test('can be injected and asynchronous', async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('injected', '-')).toBe('-a!');
    expect(app.get(Journal).entries).toEqual(['-a']);
  });
});

describe('the metadata of a pipe', () => {
  class Order {}

  @Injectable()
  class NotingPipe implements PipeTransform {
    constructor(private readonly journal: Journal) {}

    transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
      this.journal.note({ type, metatype, data });
      return value;
    }
  }

  @WebSocketGateway()
  class NotedGateway {
    @SubscribeMessage('order')
    order(@MessageBody(NotingPipe) order: Order): unknown {
      return order;
    }

    @SubscribeMessage('count')
    count(@MessageBody('count', NotingPipe) count: number): unknown {
      return count;
    }
  }

  const test = realtimeTest(appOf(NotedGateway));

  test('names the type of the parameter and the property of the payload', async ({ app, connect }) => {
    const alice = await connect();
    await alice.emitWithAck('order', {});
    await alice.emitWithAck('count', { count: 1 });
    expect(app.get(Journal).entries).toEqual([
      { type: 'body', metatype: Order, data: undefined },
      { type: 'body', metatype: Number, data: 'count' },
    ]);
  });
});

describe('the pipes of Nest', () => {
  @WebSocketGateway()
  class ParsingGateway {
    constructor(private readonly journal: Journal) {}

    @SubscribeMessage('double')
    double(@MessageBody(ParseIntPipe) count: number): number {
      this.journal.note(count);
      return 2 * count;
    }

    @SubscribeMessage('double property')
    doubleProperty(
      @MessageBody('count', new ParseIntPipe({ exceptionFactory: (problem) => new WsException(problem) }))
      count: number,
    ): number {
      this.journal.note(count);
      return 2 * count;
    }

    @SubscribeMessage('default')
    default(@MessageBody('page', new DefaultValuePipe(1), ParseIntPipe) page: number): number {
      return page;
    }
  }

  const test = realtimeTest(appOf(ParsingGateway), { errorLogs: 'allow' });

  test('parse a number', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('double', '21')).toBe(42);
    expect(await alice.emitWithAck('double property', { count: '21' })).toBe(42);
  });

  test('fill in a default', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('default', {})).toBe(1);
    expect(await alice.emitWithAck('default', { page: '7' })).toBe(7);
  });

  test('refuse an invalid number before the handler runs', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('double', 'many');
    await expect(alice).toReceiveExactly(['exception', anyException]);
    expect(app.get(Journal).entries).toEqual([]);
  });

  test("refuse an invalid number with the app's own error", async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('double property', { count: 'many' });
    await expect(alice).toReceiveExactly(['exception', exception('Validation failed (numeric string is expected)')]);
    expect(app.get(Journal).entries).toEqual([]);
  });
});

describe('ValidationPipe', () => {
  class Item {
    @IsString()
    name!: string;
  }

  class Order {
    @IsInt()
    @Min(1)
    count!: number;

    @ValidateNested()
    @Type(() => Item)
    item!: Item;

    total(): number {
      return this.count * 10;
    }
  }

  @UsePipes(
    new ValidationPipe({
      transform: true,
      whitelist: true,
      exceptionFactory: (errors) => new WsException(errors.map(({ property }) => `bad ${property}`).join(', ')),
    }),
  )
  @WebSocketGateway()
  class OrderGateway {
    constructor(private readonly journal: Journal) {}

    @SubscribeMessage('order')
    order(@MessageBody() order: Order): unknown {
      this.journal.note(order.total());
      return { total: order.total(), isItem: order.item instanceof Item, keys: Object.keys(order) };
    }

    @SubscribeMessage('with client')
    withClient(@ConnectedSocket() client: Socket, @MessageBody() order: Order): unknown {
      return { id: client.id, total: order.total() };
    }
  }

  @WebSocketGateway()
  class DefaultGateway {
    constructor(private readonly journal: Journal) {}

    @UsePipes(new ValidationPipe())
    @SubscribeMessage('validate')
    order(@MessageBody() order: Order): void {
      this.journal.note(order);
    }
  }

  const test = realtimeTest(appOf(OrderGateway, DefaultGateway), { errorLogs: 'allow' });
  const good = { count: 2, item: { name: 'tea' } };

  test("creates an instance of the parameter's class without unknown properties", async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('order', { ...good, admin: true })).toEqual({
      total: 20,
      isItem: true,
      keys: ['count', 'item'],
    });
  });

  test('does not touch the socket', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('with client', good)).toEqual({ id: alice.id, total: 20 });
  });

  test('refuses an invalid payload before the handler runs', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('order', { count: 0, item: { name: 'tea' } });
    await expect(alice).toReceiveExactly(['exception', exception('bad count')]);
    alice.emit('order', { count: 'two', item: { name: 3 } });
    await expect(alice).toReceiveExactly(['exception', exception('bad count, bad item')]);
    expect(app.get(Journal).entries).toEqual([]);
    expect(await alice.emitWithAck('order', good)).toMatchObject({ total: 20 });
  });

  test('refuses an invalid payload with "exception" when it has no exceptionFactory', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('validate', { count: 0 });
    await expect(alice).toReceiveExactly(['exception', anyException]);
    expect(app.get(Journal).entries).toEqual([]);
    alice.emit('validate', good);
    await app.settle();
    expect(app.get(Journal).entries).toEqual([good]);
  });
});

describe('StandardSchemaValidationPipe', () => {
  const evenNumber = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (value: unknown) =>
        Number(value) % 2 === 0 ? { value: Number(value) } : { issues: [{ message: 'an even number' }] },
    },
  };

  @UsePipes(
    new StandardSchemaValidationPipe({
      exceptionFactory: ([issue]) => new WsException(`expected ${issue?.message}`),
    }),
  )
  @WebSocketGateway()
  class SchemaGateway {
    @SubscribeMessage('halve')
    halve(@MessageBody({ schema: evenNumber }) count: number): number {
      return count / 2;
    }

    @SubscribeMessage('halve property')
    halveProperty(@MessageBody('count', { schema: evenNumber }) count: number): number {
      return count / 2;
    }
  }

  const test = realtimeTest(appOf(SchemaGateway));

  test('passes the value of the schema to the handler', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('halve', '42')).toBe(21);
    expect(await alice.emitWithAck('halve property', { count: '42' })).toBe(21);
  });

  test('refuses a payload that does not match the schema', async ({ connect }) => {
    const alice = await connect();
    alice.emit('halve', 41);
    await expect(alice).toReceiveExactly(['exception', exception('expected an even number')]);
  });
});

describe('pipes that throw', () => {
  @WebSocketGateway()
  class RefusingGateway {
    constructor(private readonly journal: Journal) {}

    @SubscribeMessage('refuse')
    refuse(
      @MessageBody({
        transform: () => {
          throw new WsException('not this');
        },
      })
      body: string,
    ): void {
      this.journal.note(body);
    }

    @SubscribeMessage('refuse, later')
    refuseLater(
      @MessageBody({ transform: async () => Promise.reject(new BadRequestException('not this')) })
      body: string,
    ): void {
      this.journal.note(body);
    }
  }

  const test = realtimeTest(appOf(RefusingGateway), { errorLogs: 'allow' });

  test('keep the message from the handler', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('refuse', 'hi');
    await expect(alice).toReceiveExactly(['exception', exception('not this')]);
    alice.emit('refuse, later', 'hi');
    await expect(alice).toReceiveExactly(['exception', anyException]);
    expect(app.get(Journal).entries).toEqual([]);
  });
});
