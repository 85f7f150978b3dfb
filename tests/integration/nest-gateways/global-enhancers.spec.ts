import {
  Catch,
  Injectable,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { map, type Observable } from 'rxjs';
import { describe } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { exception } from '../support/nest-gateways/exception.js';
import { Journal } from '../support/nest-gateways/journal.js';

@Injectable()
class NoBadWords implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getData<unknown>() !== 'bad';
  }
}

@Injectable()
class Exclaim implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? `${value}!` : value;
  }
}

@Injectable()
class Quote implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value: unknown) => `"${String(value)}"`));
  }
}

@Catch()
class NeverFilter implements ExceptionFilter {
  constructor(private readonly journal: Journal) {}

  catch(): void {
    this.journal.note('caught');
  }
}

@WebSocketGateway()
class SpeechGateway {
  @SubscribeMessage('say')
  say(@MessageBody() text: string): string {
    return text;
  }

  @SubscribeMessage('fail')
  fail(): never {
    throw new WsException('it failed');
  }
}

@WebSocketGateway({ namespace: 'other' })
class OtherGateway {
  @SubscribeMessage('say')
  say(@MessageBody() text: string): string {
    return text;
  }
}

describe('global enhancers that a module provides', () => {
  const test = realtimeTest(
    appOf(
      SpeechGateway,
      OtherGateway,
      { provide: APP_GUARD, useClass: NoBadWords },
      { provide: APP_PIPE, useClass: Exclaim },
      { provide: APP_INTERCEPTOR, useClass: Quote },
    ),
  );

  test('apply pipes and interceptors to every gateway', async ({ connect }) => {
    for (const namespace of ['/', 'other']) {
      const alice = await connect({ namespace });
      expect(await alice.emitWithAck('say', 'hi')).toBe('"hi!"');
    }
  });

  test('apply guards to every gateway', async ({ connect }) => {
    for (const namespace of ['/', 'other']) {
      const alice = await connect({ namespace });
      alice.emit('say', 'bad');
      await expect(alice).toReceiveExactly(['exception', exception('Forbidden resource')]);
    }
  });
});

describe('global enhancers that are set on the app', () => {
  const test = realtimeTest(appOf(SpeechGateway), {
    setup: (nest) =>
      nest.useGlobalGuards(new NoBadWords()).useGlobalPipes(new Exclaim()).useGlobalInterceptors(new Quote()),
  });

  test('apply to gateways', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('say', 'hi')).toBe('"hi!"');
    alice.emit('say', 'bad');
    await expect(alice).toReceiveExactly(['exception', exception('Forbidden resource')]);
  });
});

describe('global filters', () => {
  const ways: Record<string, ReturnType<typeof realtimeTest>> = {
    'provided by a module': realtimeTest(appOf(SpeechGateway, { provide: APP_FILTER, useClass: NeverFilter })),
    'set on the app': realtimeTest(appOf(SpeechGateway, NeverFilter), {
      setup: (nest) => nest.useGlobalFilters(nest.get(NeverFilter)),
    }),
  };

  for (const [how, test] of Object.entries(ways)) {
    test(`do not apply to gateways: ${how}`, async ({ app, connect }) => {
      const alice = await connect();
      alice.emit('fail');
      await expect(alice).toReceiveExactly(['exception', exception('it failed')]);
      expect(app.get(Journal).entries).toEqual([]);
    });
  }
});

describe('global enhancers beside others', () => {
  const note = (entry: string): CanActivate & PipeTransform & NestInterceptor => ({
    canActivate(context) {
      context.switchToWs().getData<string[]>().push(`${entry} guard`);
      return true;
    },
    intercept(context, next) {
      context.switchToWs().getData<string[]>().push(`${entry} interceptor`);
      return next.handle();
    },
    transform(value: unknown) {
      if (Array.isArray(value)) value.push(`${entry} pipe`);
      return value;
    },
  });

  const ofGateway = note("gateway's");
  const ofHandler = note("handler's");

  @UseGuards(ofGateway)
  @UseInterceptors(ofGateway)
  @UsePipes(ofGateway)
  @WebSocketGateway()
  class OrderGateway {
    @UseGuards(ofHandler)
    @UseInterceptors(ofHandler)
    @UsePipes(ofHandler)
    @SubscribeMessage('order')
    order(@MessageBody() order: string[]): { order: string[] } {
      return { order };
    }
  }

  const global = note('global');
  const test = realtimeTest(appOf(OrderGateway), {
    setup: (nest) => nest.useGlobalGuards(global).useGlobalPipes(global).useGlobalInterceptors(global),
  });

  test("run first, then the gateway's, then the handler's", async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('order', [])).toEqual({
      order: ['guard', 'interceptor', 'pipe'].flatMap((kind) =>
        ['global', "gateway's", "handler's"].map((whose) => `${whose} ${kind}`),
      ),
    });
  });
});
