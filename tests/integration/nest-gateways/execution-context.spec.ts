import {
  Injectable,
  UseGuards,
  UseInterceptors,
  createParamDecorator,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { Ack, ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Observable } from 'rxjs';
import type { Socket } from 'socket.io';
import { describe } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { exception } from '../support/nest-gateways/exception.js';
import { Journal } from '../support/nest-gateways/journal.js';

describe('the ExecutionContext', () => {
  function tell(context: ExecutionContext): unknown {
    const ws = context.switchToWs();
    return {
      type: context.getType(),
      class: context.getClass().name,
      handler: context.getHandler().name,
      client: ws.getClient<Socket>().id,
      data: ws.getData<unknown>(),
      pattern: ws.getPattern(),
      args: context.getArgs().length,
      first: context.getArgByIndex<Socket>(0).id,
      second: context.getArgByIndex<unknown>(1),
      third: typeof context.getArgByIndex(2),
    };
  }

  @Injectable()
  class TellingGuard implements CanActivate {
    constructor(private readonly journal: Journal) {}

    canActivate(context: ExecutionContext): boolean {
      this.journal.note(tell(context));
      return true;
    }
  }

  @Injectable()
  class TellingInterceptor implements NestInterceptor {
    constructor(private readonly journal: Journal) {}

    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      this.journal.note(tell(context));
      return next.handle();
    }
  }

  const Told = createParamDecorator((_data: unknown, context: ExecutionContext) => tell(context));

  @WebSocketGateway()
  class ToldGateway {
    constructor(private readonly journal: Journal) {}

    @UseGuards(TellingGuard)
    @UseInterceptors(TellingInterceptor)
    @SubscribeMessage('tell')
    onTell(@Told() told: unknown): string {
      this.journal.note(told);
      return 'told';
    }
  }

  const test = realtimeTest(appOf(ToldGateway));

  test('is the same for guards, interceptors and custom parameters', async ({ app, connect }) => {
    const [, alice] = await connect(2);
    const told = {
      type: 'ws',
      class: 'ToldGateway',
      handler: 'onTell',
      client: alice.id,
      data: { a: 'body' },
      pattern: 'tell',
      args: 4,
      first: alice.id,
      second: { a: 'body' },
    };
    await alice.emitWithAck('tell', { a: 'body' });
    const { entries } = app.get(Journal);
    expect(entries).toEqual(Array.from({ length: 3 }, () => ({ ...told, third: 'function' })));
    alice.emit('tell', { a: 'body' });
    await app.settle();
    expect(entries.slice(3)).toEqual(Array.from({ length: 3 }, () => ({ ...told, third: 'undefined' })));
  });
});

describe('a property that guards and interceptors set on the client', () => {
  interface Identified extends Socket {
    user?: string;
  }

  @UseInterceptors({
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      context.switchToWs().getClient<{ pattern?: string }>().pattern = context.switchToWs().getPattern();
      return next.handle();
    },
  })
  @UseGuards({
    canActivate(context: ExecutionContext): boolean {
      const client = context.switchToWs().getClient<Identified>();
      client.user = client.handshake.auth.user as string;
      return true;
    },
  })
  @WebSocketGateway()
  class IdentifiedGateway {
    @SubscribeMessage('who am I')
    whoAmI(@ConnectedSocket() client: Identified & { pattern?: string }): unknown {
      return { user: client.user, pattern: client.pattern };
    }
  }

  realtimeTest(appOf(IdentifiedGateway))('is visible to the handler', async ({ connect }) => {
    const alice = await connect({ auth: { user: 'alice' } });
    expect(await alice.emitWithAck('who am I')).toEqual({ user: 'alice', pattern: 'who am I' });
  });
});

describe('custom parameters', () => {
  const Auth = createParamDecorator((key: string | undefined, context: ExecutionContext) => {
    const { auth } = context.switchToWs().getClient<Socket>().handshake;
    return key === undefined ? auth : (auth[key] as unknown);
  });

  const Body = createParamDecorator((_data: unknown, context: ExecutionContext) =>
    context.switchToWs().getData<unknown>(),
  );

  const Later = createParamDecorator(async () => Promise.resolve('later'));

  const Refusing = createParamDecorator(() => {
    throw new WsException('no such parameter');
  });

  @Injectable()
  class UpperCasePipe implements PipeTransform<string, string> {
    constructor(private readonly journal: Journal) {}

    transform(value: string): string {
      this.journal.note(value);
      return value.toUpperCase();
    }
  }

  @WebSocketGateway()
  class CustomGateway {
    @SubscribeMessage('auth')
    auth(@Auth() auth: unknown, @Auth('user') user: string): unknown {
      return { auth, user };
    }

    @SubscribeMessage('beside others')
    besideOthers(
      @Body() body: unknown,
      @MessageBody('id') id: number,
      @Auth('user') user: string,
      @ConnectedSocket() client: Socket,
    ): unknown {
      return { body, id, user, client: client.id };
    }

    @SubscribeMessage('piped')
    piped(@Auth('user', UpperCasePipe) user: string): string {
      return user;
    }

    @SubscribeMessage('later')
    later(@Later() value: unknown): unknown {
      return value;
    }

    @SubscribeMessage('refusing')
    refusing(@Refusing() value: unknown): unknown {
      return value;
    }

    @SubscribeMessage('beside an ack')
    besideAnAck(@Auth('user') user: string, @Ack() ack: (answer: string) => void): void {
      ack(user);
    }
  }

  const test = realtimeTest(appOf(CustomGateway), { client: { auth: { user: 'alice' } } });

  test('receive the data of their decorator, and the context', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('auth')).toEqual({ auth: { user: 'alice' }, user: 'alice' });
  });

  test('work beside other parameters', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('beside others', { id: 7 })).toEqual({
      body: { id: 7 },
      id: 7,
      user: 'alice',
      client: alice.id,
    });
    expect(await alice.emitWithAck('beside an ack')).toBe('alice');
  });

  test('can have pipes', async ({ app, connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('piped')).toBe('ALICE');
    expect(app.get(Journal).entries).toEqual(['alice']);
  });

  test('can be promises', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('later')).toBe('later');
  });

  test('can refuse the message', async ({ connect }) => {
    const alice = await connect();
    alice.emit('refusing');
    await expect(alice).toReceiveExactly(['exception', exception('no such parameter')]);
  });
});
