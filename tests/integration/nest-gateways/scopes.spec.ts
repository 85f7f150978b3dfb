import {
  Inject,
  Injectable,
  Scope,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_GUARD, ContextIdFactory, ModuleRef, REQUEST, type ContextId, type ContextIdStrategy } from '@nestjs/core';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from '@nestjs/websockets';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Observable } from 'rxjs';
import type { Server, Socket } from 'socket.io';
import { afterEach, beforeEach, describe } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { exception } from '../support/nest-gateways/exception.js';
import { Gate } from '../support/nest-gateways/gate.js';
import { Journal } from '../support/nest-gateways/journal.js';

/** Numbers the instances of a class, from 1, in the order in which they were made in this app. */
@Injectable()
class Instances {
  private readonly counts = new Map<string, number>();

  number({ constructor: { name } }: object): number {
    const number = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, number);
    return number;
  }
}

describe('a gateway with a request-scoped dependency', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Session {
    messages = 0;
    readonly number: number;

    constructor(
      @Inject(REQUEST) readonly client: Socket,
      instances: Instances,
    ) {
      this.number = instances.number(this);
    }
  }

  @WebSocketGateway()
  class SessionGateway {
    @WebSocketServer() private readonly server!: Server;

    constructor(
      private readonly session: Session,
      private readonly journal: Journal,
    ) {}

    handleConnection(client: Socket): void {
      client.emit('session', { number: this.session.number, isOwn: this.session.client === client });
    }

    handleDisconnect(client: Socket): void {
      this.journal.note({ number: this.session.number, isOwn: this.session.client === client });
    }

    @SubscribeMessage('count')
    count(@ConnectedSocket() client: Socket): unknown {
      this.session.messages += 1;
      const { messages, number } = this.session;
      return { messages, number, isOwn: this.session.client === client };
    }

    @SubscribeMessage('announce')
    announce(@MessageBody() text: string): void {
      this.server.emit('announced', text);
    }

    @SubscribeMessage('fail')
    fail(): never {
      throw new WsException('it failed');
    }

    @SubscribeMessage('later')
    async later(@MessageBody() body: string): Promise<string> {
      await Promise.resolve();
      return `${body}, later`;
    }
  }

  const test = realtimeTest(appOf(SessionGateway, Session, Instances));

  test('has one instance for each client, which its hooks and handlers share', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    await expect(alice).toReceiveExactly(['session', { number: 1, isOwn: true }]);
    await expect(bob).toReceiveExactly(['session', { number: 2, isOwn: true }]);
    expect(await alice.emitWithAck('count')).toEqual({ messages: 1, number: 1, isOwn: true });
    expect(await alice.emitWithAck('count')).toEqual({ messages: 2, number: 1, isOwn: true });
    expect(await bob.emitWithAck('count')).toEqual({ messages: 1, number: 2, isOwn: true });
    await bob.disconnect();
    await alice.disconnect();
    expect(app.get(Journal).entries).toEqual([
      { number: 2, isOwn: true },
      { number: 1, isOwn: true },
    ]);
  });

  test('has one instance for concurrent messages of a client', async ({ connect }) => {
    const alice = await connect();
    const answers = await Promise.all(Array.from({ length: 3 }, () => alice.emitWithAck('count')));
    expect(answers.map(({ number }) => number as number)).toEqual([1, 1, 1]);
    expect(answers.map(({ messages }) => messages as number)).toEqual([1, 2, 3]);
  });

  test('has access to the server', async ({ connect }) => {
    const [alice, bob] = await connect(2);
    alice.emit('announce', 'hi');
    await expect([alice, bob]).toBeAllWhoReceive('announced', 'hi');
  });

  test('answers and fails like any other gateway', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('later', 'hi')).toBe('hi, later');
    alice.emit('fail');
    await expect(alice).toReceive('exception', exception('it failed'));
    expect(await alice.emitWithAck('count')).toMatchObject({ messages: 1 });
  });
});

describe('gateways with the same request-scoped dependency', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Session {
    readonly number: number;

    constructor(instances: Instances) {
      this.number = instances.number(this);
    }
  }

  @WebSocketGateway()
  class FirstGateway {
    constructor(private readonly session: Session) {}

    @SubscribeMessage('first')
    first(): number {
      return this.session.number;
    }

    handleDisconnect(): void {}
  }

  @WebSocketGateway()
  class SecondGateway {
    constructor(
      private readonly session: Session,
      @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
      private readonly journal: Journal,
      private readonly gate: Gate,
    ) {}

    @SubscribeMessage('second')
    second(): number {
      return this.session.number;
    }

    @SubscribeMessage('resolve')
    async resolve(@ConnectedSocket() client: Socket): Promise<number> {
      const { number } = await this.moduleRef.resolve(Session, ContextIdFactory.getByRequest(client));
      return number;
    }

    async handleDisconnect(client: Socket): Promise<void> {
      await this.gate.opened;
      this.journal.note(await this.resolve(client));
    }
  }

  const test = realtimeTest(appOf(FirstGateway, SecondGateway, Session, Instances, Gate));

  test('share it for each client', async ({ app, connect }) => {
    const [alice, bob] = await connect(2);
    const number = await alice.emitWithAck('first');
    expect(await alice.emitWithAck('second')).toBe(number);
    expect(await bob.emitWithAck('first')).not.toBe(number);
    app.get(Gate).open();
  });

  test('resolve it by the client', async ({ app, connect }) => {
    const [, alice] = await connect(2);
    expect(await alice.emitWithAck('resolve')).toBe(await alice.emitWithAck('first'));
    app.get(Gate).open();
  });

  test('keep it until every handleDisconnect has ended', async ({ app, connect }) => {
    const alice = await connect();
    const number = await alice.emitWithAck('first');
    const left = alice.disconnect();
    app.get(Gate).open();
    await left;
    expect(app.get(Journal).entries).toEqual([number]);
  });
});

describe('a request-scoped gateway', () => {
  @WebSocketGateway()
  @Injectable({ scope: Scope.REQUEST })
  class ScopedGateway {
    private count = 0;

    @SubscribeMessage('count')
    onCount(): number {
      this.count += 1;
      return this.count;
    }
  }

  realtimeTest(appOf(ScopedGateway))('has one instance for each client', async ({ connect }) => {
    const [alice, bob] = await connect(2);
    expect(await alice.emitWithAck('count')).toBe(1);
    expect(await alice.emitWithAck('count')).toBe(2);
    expect(await bob.emitWithAck('count')).toBe(1);
  });
});

describe('request-scoped enhancers', () => {
  @Injectable({ scope: Scope.REQUEST })
  class NumberedGuard implements CanActivate {
    private readonly number: number;

    constructor(
      @Inject(REQUEST) private readonly client: Socket,
      instances: Instances,
      private readonly journal: Journal,
    ) {
      this.number = instances.number(this);
    }

    canActivate(): boolean {
      this.journal.note(`guard ${this.number} of ${this.client.handshake.auth.user}`);
      return true;
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class NumberedPipe implements PipeTransform {
    private readonly number: number;

    constructor(
      instances: Instances,
      private readonly journal: Journal,
    ) {
      this.number = instances.number(this);
    }

    transform(value: unknown): unknown {
      if (typeof value === 'string') this.journal.note(`pipe ${this.number} of ${value}`);
      return value;
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class NumberedInterceptor implements NestInterceptor {
    private readonly number: number;

    constructor(
      @Inject(REQUEST) private readonly client: Socket,
      instances: Instances,
      private readonly journal: Journal,
    ) {
      this.number = instances.number(this);
    }

    intercept(_context: unknown, next: CallHandler): Observable<unknown> {
      this.journal.note(`interceptor ${this.number} of ${this.client.handshake.auth.user}`);
      return next.handle();
    }
  }

  @UseGuards(NumberedGuard)
  @UseInterceptors(NumberedInterceptor)
  @UsePipes(NumberedPipe)
  @WebSocketGateway()
  class EnhancedGateway {
    @SubscribeMessage('say')
    say(@MessageBody() body: string): string {
      return body;
    }
  }

  realtimeTest(appOf(EnhancedGateway, Instances))('have one instance for each client', async ({ app, connect }) => {
    const alice = await connect({ auth: { user: 'alice' } });
    const bob = await connect({ auth: { user: 'bob' } });
    await alice.emitWithAck('say', 'alice');
    await bob.emitWithAck('say', 'bob');
    await alice.emitWithAck('say', 'alice');
    const ofAlice = ['guard 1 of alice', 'interceptor 1 of alice', 'pipe 1 of alice'];
    const ofBob = ['guard 2 of bob', 'interceptor 2 of bob', 'pipe 2 of bob'];
    expect(app.get(Journal).entries).toEqual([...ofAlice, ...ofBob, ...ofAlice]);
  });
});

describe('singleton enhancers of a request-scoped gateway', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Session {
    constructor(@Inject(REQUEST) readonly client: Socket) {}
  }

  @Injectable()
  class NumberedGuard implements CanActivate {
    private readonly number: number;

    constructor(
      instances: Instances,
      private readonly journal: Journal,
    ) {
      this.number = instances.number(this);
    }

    canActivate(context: ExecutionContext): boolean {
      const { user } = context.switchToWs().getClient<Socket>().handshake.auth;
      this.journal.note(`guard ${this.number} of ${user}`);
      return user !== 'mallory';
    }
  }

  @WebSocketGateway()
  class OwnGuardGateway {
    constructor(private readonly session: Session) {}

    @UseGuards(NumberedGuard)
    @SubscribeMessage('who am I')
    whoAmI(): string {
      return this.session.client.handshake.auth.user as string;
    }
  }

  @WebSocketGateway()
  class GlobalGuardGateway {
    constructor(private readonly session: Session) {}

    @SubscribeMessage('who am I')
    whoAmI(): string {
      return this.session.client.handshake.auth.user as string;
    }
  }

  const modules = {
    "the handler's guard": appOf(OwnGuardGateway, Session, Instances),
    "the app's guard": appOf(GlobalGuardGateway, Session, Instances, {
      provide: APP_GUARD,
      useClass: NumberedGuard,
    }),
  };

  for (const [whose, module] of Object.entries(modules)) {
    realtimeTest(module)(`have one instance for all clients: ${whose}`, async ({ app, connect }) => {
      const alice = await connect({ auth: { user: 'alice' } });
      const mallory = await connect({ auth: { user: 'mallory' } });
      expect(await alice.emitWithAck('who am I')).toBe('alice');
      mallory.emit('who am I');
      await expect(mallory).toReceiveExactly(['exception', exception('Forbidden resource')]);
      expect(app.get(Journal).entries).toEqual(['guard 1 of alice', 'guard 1 of mallory']);
    });
  }
});

describe('a gateway with a durable dependency', () => {
  /** One sub-tree for each tenant, as Nest's docs have it. */
  class TenantStrategy implements ContextIdStrategy<Socket> {
    private readonly tenants = new Map<string, ContextId>();

    attach(contextId: ContextId, { handshake }: Socket): ReturnType<ContextIdStrategy['attach']> {
      const tenant = handshake.auth.tenant as string;
      const tree = this.tenants.get(tenant) ?? ContextIdFactory.create();
      this.tenants.set(tenant, tree);
      return { resolve: ({ isTreeDurable }) => (isTreeDurable ? tree : contextId), payload: { tenant } };
    }
  }

  @Injectable({ scope: Scope.REQUEST, durable: true })
  class Tenant {
    readonly number: number;
    messages = 0;

    constructor(
      @Inject(REQUEST) readonly request: { tenant: string },
      instances: Instances,
    ) {
      this.number = instances.number(this);
    }
  }

  @WebSocketGateway()
  class TenantGateway {
    constructor(private readonly tenant: Tenant) {}

    @SubscribeMessage('count')
    count(): unknown {
      this.tenant.messages += 1;
      const { number, messages, request } = this.tenant;
      return { number, messages, request: { ...request } };
    }
  }

  beforeEach(() => {
    ContextIdFactory.apply(new TenantStrategy());
  });

  afterEach(() => {
    // Nest keeps it for the whole process, and has no other way to take it back.
    ContextIdFactory.apply(undefined as unknown as ContextIdStrategy);
  });

  const test = realtimeTest(appOf(TenantGateway, Tenant, Instances));

  test('shares it between the clients of one tenant only', async ({ connect }) => {
    const alice = await connect({ auth: { tenant: 'acme' } });
    const bob = await connect({ auth: { tenant: 'acme' } });
    const carol = await connect({ auth: { tenant: 'other' } });
    const acme = await alice.emitWithAck('count');
    expect(acme).toEqual({ number: expect.any(Number), messages: 1, request: { tenant: 'acme' } });
    expect(await bob.emitWithAck('count')).toEqual({ ...acme, messages: 2 });
    expect(await carol.emitWithAck('count')).toEqual({
      number: expect.not.toSatisfy((number) => number === acme.number),
      messages: 1,
      request: { tenant: 'other' },
    });
  });
});
