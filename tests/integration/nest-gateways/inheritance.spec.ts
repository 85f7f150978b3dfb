import { UseFilters, UseGuards, UsePipes, type ArgumentsHost, type ExceptionFilter, type Type } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { EventsGateway } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Socket } from 'socket.io';
import { describe } from 'vitest';
import { appOf } from '../support/nest-gateways/app-of.js';
import { exception } from '../support/nest-gateways/exception.js';

describe('a gateway that extends a class', () => {
  const tellingFilter: ExceptionFilter<Error> = {
    catch: (error: Error, host: ArgumentsHost) => host.switchToWs().getClient<Socket>().emit('caught', error.message),
  };

  abstract class CrudGateway<Entity> {
    protected abstract readonly kind: string;
    protected abstract create(body: Entity): unknown;

    @SubscribeMessage('create')
    onCreate(@MessageBody() body: Entity, @ConnectedSocket() client: Socket): unknown {
      return { kind: this.kind, created: this.create(body), by: client.id };
    }

    @SubscribeMessage('kind')
    onKind(): string {
      return this.kind;
    }

    @UseGuards({ canActivate: () => false })
    @SubscribeMessage('delete')
    onDelete(): void {}

    @UseFilters(tellingFilter)
    @SubscribeMessage('fail')
    onFail(): never {
      throw new Error(`no ${this.kind}`);
    }

    @SubscribeMessage('overridden')
    onOverridden(): string {
      return 'not to be seen';
    }

    @SubscribeMessage('no longer handled')
    onNoLongerHandled(): string {
      return 'not to be seen';
    }
  }

  @WebSocketGateway({ namespace: 'cats' })
  class CatsGateway extends CrudGateway<{ name: string }> {
    protected readonly kind = 'cat';

    protected create({ name }: { name: string }): string {
      return `${name} the cat`;
    }

    @SubscribeMessage('overridden')
    override onOverridden(): string {
      return 'meow';
    }

    override onNoLongerHandled(): string {
      return 'not to be seen either';
    }

    @SubscribeMessage('purr')
    onPurr(): string {
      return 'purr';
    }
  }

  @WebSocketGateway({ namespace: 'dogs' })
  class DogsGateway extends CrudGateway<string> {
    protected readonly kind = 'dog';

    protected create(name: string): string {
      return `${name} the dog`;
    }
  }

  const test = realtimeTest(appOf(CatsGateway, DogsGateway));

  test('inherits its handlers with their parameters', async ({ connect }) => {
    const cats = await connect({ namespace: 'cats' });
    const dogs = await connect({ namespace: 'dogs' });
    expect(await cats.emitWithAck('create', { name: 'Tom' })).toEqual({
      kind: 'cat',
      created: 'Tom the cat',
      by: cats.id,
    });
    expect(await dogs.emitWithAck('create', 'Rex')).toEqual({
      kind: 'dog',
      created: 'Rex the dog',
      by: dogs.id,
    });
    expect(await dogs.emitWithAck('kind')).toBe('dog');
  });

  test('inherits its guards and filters', async ({ connect }) => {
    const cats = await connect({ namespace: 'cats' });
    cats.emit('delete');
    await expect(cats).toReceiveExactly(['exception', exception('Forbidden resource')]);
    cats.emit('fail');
    await expect(cats).toReceiveExactly(['caught', 'no cat']);
  });

  test('can override inherited handlers and add its own', async ({ app, connect }) => {
    app.allowRefusals('there is no handler for it');
    const cats = await connect({ namespace: 'cats' });
    expect(await cats.emitWithAck('overridden')).toBe('meow');
    expect(await cats.emitWithAck('purr')).toBe('purr');
    cats.emit('no longer handled');
    await expect(cats).toReceiveExactly();
  });
});

describe('a gateway that extends a guarded class', () => {
  @UseGuards({ canActivate: (context) => context.switchToWs().getData<string>() !== 'bad' })
  @UsePipes({ transform: (value: unknown) => (typeof value === 'string' ? `${value}!` : value) })
  class GuardedBase {}

  @WebSocketGateway()
  class DerivedGateway extends GuardedBase {
    @SubscribeMessage('say')
    say(@MessageBody() text: string): string {
      return text;
    }
  }

  realtimeTest(appOf(DerivedGateway))('inherits its guards and pipes', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('say', 'good')).toBe('good!');
    alice.emit('say', 'bad');
    await expect(alice).toReceiveExactly(['exception', exception('Forbidden resource')]);
  });
});

describe('a gateway made by a mixin', () => {
  function WithEcho(event: string, greeting: string): Type<object> {
    class EchoMixin {
      @SubscribeMessage(event)
      echo(@MessageBody() body: string): string {
        return `${greeting} ${body}`;
      }
    }
    return EchoMixin;
  }

  @WebSocketGateway()
  class HelloGateway extends WithEcho('hello', 'Hello') {}

  @WebSocketGateway()
  class ByeGateway extends WithEcho('bye', 'Bye') {}

  realtimeTest(appOf(HelloGateway, ByeGateway))('has the handlers of its mixin', async ({ connect }) => {
    const alice = await connect();
    expect(await alice.emitWithAck('hello', 'Alice')).toBe('Hello Alice');
    expect(await alice.emitWithAck('bye', 'Alice')).toBe('Bye Alice');
  });
});

describe('a gateway that extends EventsGateway', () => {
  @WebSocketGateway({ namespace: 'chat' })
  class ChatGateway extends EventsGateway {
    private readonly greeted: string[] = [];

    override handleConnection(client: Socket): void {
      super.handleConnection(client);
      this.greeted.push(client.id);
    }

    @SubscribeMessage('greeted')
    onGreeted(): string[] {
      return this.greeted;
    }
  }

  realtimeTest(appOf(ChatGateway))(
    'runs its own hooks and handlers beside the inherited ones',
    async ({ app, connect }) => {
      const alice = await connect({ namespace: 'chat' });
      expect(await alice.emitWithAck('greeted')).toEqual([alice.id]);
      await expect(app).toHaveLogged(`Client connected: ${alice.id}`, { context: 'ChatGateway' });
    },
  );
});
