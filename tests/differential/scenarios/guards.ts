import { Inject, Injectable, SetMetadata, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { Socket } from 'socket.io';
import { of } from 'rxjs';
import { failure, internalError } from '../support/failure.js';
import type { App, Fact, Note, Scenario } from '../support/scenario.js';

type Decide = (context: ExecutionContext) => ReturnType<CanActivate['canActivate']>;

/** A gateway with a guard at its handler of `say`. */
function guarded(decide: (note: Note) => Decide): (note: Note) => App {
  return (note) => {
    const guard: CanActivate = { canActivate: decide(note) };
    @WebSocketGateway()
    class GuardedGateway {
      @UseGuards(guard)
      @SubscribeMessage('say')
      say(@MessageBody() body: unknown): unknown {
        note('said', body);
        return body;
      }
    }
    return { providers: [GuardedGateway] };
  };
}

const askAndTell: Scenario['run'] = async ({ connect }) => {
  const alice = await connect('alice');
  await alice.ask('say', 'hi');
  await alice.tell('say', 'hi');
};

const told = (envelope: object): Fact[] => [
  ['alice', 'connect'],
  ['alice', 'ack', 'say', envelope],
  ['alice', 'event', 'exception', envelope],
];

const refused = {
  rows: ['failure-in-ack', 'error-envelope'],
  client: told(failure('say', 'FORBIDDEN', 'Forbidden resource')),
} as const;

export const guards: Scenario[] = [
  { name: 'a guard lets an event through', app: guarded(() => () => true), run: askAndTell },
  {
    name: 'a guard lets an event through by a promise and by an Observable',
    app: guarded(() => (context) => (context.switchToWs().getData() === 'hi' ? Promise.resolve(true) : of(true))),
    async run({ connect }) {
      const alice = await connect('alice');
      await alice.ask('say', 'hi');
      await alice.ask('say', 'there');
    },
  },
  { name: 'a guard refuses an event', app: guarded(() => () => false), run: askAndTell, differs: refused },
  {
    name: 'a guard refuses an event by a promise',
    app: guarded(() => () => Promise.resolve(false)),
    run: askAndTell,
    differs: refused,
  },
  {
    name: 'a guard throws a WsException',
    app: guarded(() => () => {
      throw new WsException('members only');
    }),
    run: askAndTell,
    differs: {
      rows: ['failure-in-ack', 'error-envelope'],
      client: told(failure('say', 'WS_EXCEPTION', 'members only')),
    },
  },
  {
    name: 'a guard throws an Error',
    app: guarded(() => () => {
      throw new Error('the store is down');
    }),
    run: askAndTell,
    differs: {
      rows: ['failure-in-ack', 'error-envelope', 'log-of-failures'],
      client: told(internalError('say')),
      log: Array.from({ length: 2 }, () => [
        'error',
        'WsExceptionsHandler',
        'GuardedGateway.say failed on "say" of client <alice>: the store is down',
      ]),
    },
  },
  {
    name: 'a guard looks at its context',
    app: guarded((note) => (context) => {
      const ws = context.switchToWs();
      note(
        context.getType(),
        context.getClass().name,
        context.getHandler().name,
        context.getArgs().map((arg: unknown) => typeof arg),
        ws.getClient<Socket>().id,
        ws.getData(),
        ws.getPattern(),
      );
      return true;
    }),
    run: askAndTell,
  },
  {
    name: 'a guard reads the metadata of the handler and of its gateway',
    app(note) {
      @Injectable()
      class RolesGuard implements CanActivate {
        constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

        canActivate(context: ExecutionContext): boolean {
          note(this.reflector.getAllAndMerge<string[]>('roles', [context.getHandler(), context.getClass()]));
          return true;
        }
      }
      @UseGuards(RolesGuard)
      @SetMetadata('roles', ['member'])
      @WebSocketGateway()
      class RolesGateway {
        @SetMetadata('roles', ['admin'])
        @SubscribeMessage('say')
        say(): string {
          return 'said';
        }
      }
      return { providers: [RolesGateway] };
    },
    run: askAndTell,
  },
  {
    name: 'guards of the gateway come before those of its handler',
    app(note) {
      const noting = (what: string): CanActivate => ({
        canActivate() {
          note(what);
          return true;
        },
      });
      @UseGuards(noting('gateway 1'), noting('gateway 2'))
      @WebSocketGateway()
      class GuardedGateway {
        @UseGuards(noting('handler'))
        @SubscribeMessage('say')
        say(): void {
          note('said');
        }
      }
      return { providers: [GuardedGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).tell('say');
    },
  },
  ...[
    ['useGlobalGuards', (guard: CanActivate): App => ({ configure: (app) => void app.useGlobalGuards(guard) })],
    ['APP_GUARD', (guard: CanActivate): App => ({ providers: [{ provide: APP_GUARD, useValue: guard }] })],
  ].map(([how, by]): Scenario => ({
    name: `a guard is set for the whole app by ${how as string}`,
    app(note) {
      const noting: CanActivate = {
        canActivate(context) {
          note('guard', context.getType(), context.getClass().name);
          return true;
        },
      };
      const { providers = [], ...rest } = (by as (guard: CanActivate) => App)(noting);
      @WebSocketGateway()
      class PlainGateway {
        @SubscribeMessage('say')
        say(@MessageBody() body: unknown): unknown {
          note('said', body);
          return body;
        }
      }
      return { ...rest, providers: [PlainGateway, ...providers] };
    },
    run: askAndTell,
  })),
];
