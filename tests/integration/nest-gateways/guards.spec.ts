import { Inject, Injectable, SetMetadata, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { of } from 'rxjs';
import type { Socket } from 'socket.io';
import { describe } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { exception } from '../support/nest-gateways/exception.js';
import { Journal } from '../support/nest-gateways/journal.js';

function guardThat(canActivate: CanActivate['canActivate']): CanActivate {
  return { canActivate };
}

describe('a guard on a handler', () => {
  @WebSocketGateway()
  class GuardedGateway {
    constructor(private readonly journal: Journal) {}

    @UseGuards(guardThat(() => true))
    @SubscribeMessage('open')
    open(@MessageBody() body: string): string {
      return body;
    }

    @UseGuards(guardThat(() => false))
    @SubscribeMessage('closed')
    closed(): string {
      this.journal.note('closed');
      return 'not to be seen';
    }

    @SubscribeMessage('unguarded')
    unguarded(): string {
      return 'unguarded';
    }

    @UseGuards(
      guardThat(() => {
        throw new WsException('who are you?');
      }),
    )
    @SubscribeMessage('throwing')
    throwing(): void {
      this.journal.note('throwing');
    }

    @UseGuards(
      guardThat(() => {
        throw new Error('the database is away');
      }),
    )
    @SubscribeMessage('broken')
    broken(): void {
      this.journal.note('broken');
    }
  }

  const test = realtimeTest(appOf(GuardedGateway));

  test('lets a message through', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('open', 'hi')).toBe('hi');
  });

  test('refuses a message before its handler runs', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('closed');
    await expect(alice).toReceiveExactly(['exception', exception('Forbidden resource')]);
    expect(app.get(Journal).entries).toEqual([]);
  });

  test('refuses with its own error', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('throwing');
    await expect(alice).toReceiveExactly(['exception', exception('who are you?')]);
    expect(app.get(Journal).entries).toEqual([]);
  });

  test('refuses when it throws, without telling the client why', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('broken');
    await expect(alice).toReceiveExactly(['exception', exception('Internal server error')]);
    await expect(app).toHaveLogged(/the database is away/, { level: 'error' });
    expect(app.get(Journal).entries).toEqual([]);
  });

  test('does not affect other handlers or the next message', async ({ connect }) => {
    const alice = await connect();
    alice.emit('closed');
    alice.emit('closed');
    await expect(alice).toReceiveTimes(2, 'exception');
    expect(await alice.emitWithAck('unguarded')).toBe('unguarded');
    expect(await alice.emitWithAck('open', 'hi')).toBe('hi');
  });
});

describe('an asynchronous guard', () => {
  const verdicts: Record<string, CanActivate['canActivate']> = {
    'a promise': (context) => Promise.resolve(context.switchToWs().getData<boolean>()),
    'an Observable': (context) => of(context.switchToWs().getData<boolean>()),
    'several values, of which the last counts': (context) => of(true, false, context.switchToWs().getData<boolean>()),
  };

  for (const [kind, canActivate] of Object.entries(verdicts)) {
    @UseGuards(guardThat(canActivate))
    @WebSocketGateway()
    class SlowlyGuardedGateway {
      @SubscribeMessage('enter')
      enter(): string {
        return 'entered';
      }
    }

    realtimeTest(appOf(SlowlyGuardedGateway))(`can return ${kind}`, async ({ connect }) => {
      const alice = await connect();
      expect(await alice.emitWithAck('enter', true)).toBe('entered');
      alice.emit('enter', false);
      await expect(alice).toReceiveExactly(['exception', exception('Forbidden resource')]);
    });
  }

  @UseGuards(guardThat(async () => Promise.reject(new WsException('not today'))))
  @WebSocketGateway()
  class RejectingGateway {
    @SubscribeMessage('enter')
    enter(): string {
      return 'not to be seen';
    }
  }

  realtimeTest(appOf(RejectingGateway))('can reject', async ({ connect }) => {
    const alice = await connect();
    alice.emit('enter');
    await expect(alice).toReceiveExactly(['exception', exception('not today')]);
  });
});

describe('several guards', () => {
  @Injectable()
  class FirstGuard implements CanActivate {
    constructor(private readonly journal: Journal) {}

    canActivate(context: ExecutionContext): boolean {
      this.journal.note('first');
      return context.switchToWs().getData<string>() !== 'stop at the first';
    }
  }

  @Injectable()
  class SecondGuard implements CanActivate {
    constructor(private readonly journal: Journal) {}

    async canActivate(context: ExecutionContext): Promise<boolean> {
      await Promise.resolve();
      this.journal.note('second');
      return context.switchToWs().getData<string>() !== 'stop at the second';
    }
  }

  @Injectable()
  class ThirdGuard implements CanActivate {
    constructor(private readonly journal: Journal) {}

    canActivate(): boolean {
      this.journal.note('third');
      return true;
    }
  }

  @UseGuards(FirstGuard)
  @WebSocketGateway()
  class GuardedGateway {
    constructor(private readonly journal: Journal) {}

    handleConnection(): void {
      this.journal.note('connected');
    }

    @UseGuards(SecondGuard, ThirdGuard)
    @SubscribeMessage('enter')
    enter(): void {
      this.journal.note('handler');
    }
  }

  const test = realtimeTest(appOf(GuardedGateway));

  test("run in order, the gateway's before the handler's", async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('enter');
    await app.settle();
    expect(app.get(Journal).entries).toEqual(['connected', 'first', 'second', 'third', 'handler']);
  });

  test('run until one refuses', async ({ app, connect }) => {
    const alice = await connect();
    alice.emit('enter', 'stop at the first');
    await expect(alice).toReceiveExactly(['exception', exception('Forbidden resource')]);
    alice.emit('enter', 'stop at the second');
    await expect(alice).toReceiveExactly(['exception', exception('Forbidden resource')]);
    expect(app.get(Journal).entries).toEqual(['connected', 'first', 'first', 'second']);
  });

  test('do not run when a client connects', async ({ app, connect }) => {
    await connect();
    expect(app.get(Journal).entries).toEqual(['connected']);
  });
});

describe('a guard for roles', () => {
  const Roles = (...roles: string[]): MethodDecorator & ClassDecorator => SetMetadata('roles', roles);

  @Injectable()
  class RolesGuard implements CanActivate {
    constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

    canActivate(context: ExecutionContext): boolean {
      const targets = [context.getHandler(), context.getClass()];
      const allowed = this.reflector.getAllAndOverride<string[] | undefined>('roles', targets);
      const { role } = context.switchToWs().getClient<Socket>().handshake.auth;
      return allowed?.includes(role as string) ?? true;
    }
  }

  @Roles('member', 'admin')
  @UseGuards(RolesGuard)
  @WebSocketGateway()
  class RolesGateway {
    @SubscribeMessage('read')
    read(): string {
      return 'read';
    }

    @Roles('admin')
    @SubscribeMessage('write')
    write(@ConnectedSocket() client: Socket): string {
      return `written by ${client.handshake.auth.role}`;
    }
  }

  const test = realtimeTest(appOf(RolesGateway));

  test('sees the metadata of the handler and the gateway, and the client', async ({ connect }) => {
    const admin = await connect({ auth: { role: 'admin' } });
    const member = await connect({ auth: { role: 'member' } });
    const guest = await connect({ auth: { role: 'guest' } });
    expect(await admin.emitWithAck('write')).toBe('written by admin');
    expect(await member.emitWithAck('read')).toBe('read');
    member.emit('write');
    guest.emit('read');
    for (const client of [member, guest]) {
      await expect(client).toReceiveExactly(['exception', exception('Forbidden resource')]);
    }
  });
});
