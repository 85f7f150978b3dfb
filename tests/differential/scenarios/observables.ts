import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import {
  defer,
  finalize,
  interval,
  map,
  merge,
  NEVER,
  Observable,
  of,
  startWith,
  Subject,
  take,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { expect } from 'vitest';
import type { App, Note, Scenario } from '../support/scenario.js';
import { failure } from '../support/failure.js';

/** A gateway whose handler of `stream` returns this. */
function streaming(stream: (note: Note) => unknown): (note: Note) => App {
  return (note) => {
    @WebSocketGateway()
    class StreamingGateway {
      @SubscribeMessage('stream')
      stream(): unknown {
        return stream(note);
      }
    }
    return { providers: [StreamingGateway] };
  };
}

const tick = map((data: number) => ({ event: 'tick', data }));

export const observables: Scenario[] = [
  {
    name: 'an Observable emits events over time, and completes',
    app: streaming((note) => interval(5).pipe(take(3), tick, tap({ complete: () => note('complete') }))),
    async run({ connect }) {
      const alice = await connect('alice');
      const last = new Promise<void>((resolve) => {
        alice.socket.on('tick', (number: number) => number === 2 && resolve());
      });
      await alice.tell('stream');
      await last;
    },
  },
  {
    name: 'an Observable that never ends is unsubscribed when its client goes',
    app: streaming((note) =>
      NEVER.pipe(
        startWith(0),
        tick,
        finalize(() => note('unsubscribed')),
      ),
    ),
    async run({ connect, rest }) {
      const alice = await connect('alice');
      await alice.tell('stream');
      await alice.tell('stream');
      alice.socket.disconnect();
      await rest();
    },
  },
  {
    name: 'an Observable that never ends answers with its first value',
    app: streaming(() => NEVER.pipe(startWith('first'))),
    async run({ connect }) {
      await (await connect('alice')).ask('stream');
    },
  },
  {
    name: 'an Observable that never has a value does not answer',
    app: streaming(() => NEVER),
    async run({ connect }) {
      await (await connect('alice')).ask('stream');
    },
  },
  {
    name: 'an Observable has its values later',
    app: streaming(() => timer(5).pipe(map(() => 'late'))),
    async run({ connect }) {
      const alice = await connect('alice');
      alice.see('answer', await alice.socket.emitWithAck('stream'));
    },
  },
  {
    name: 'an Observable is of nothing but undefined and null',
    app: streaming(() => of(undefined, null)),
    async run({ connect }) {
      await (await connect('alice')).tell('stream');
    },
  },
  {
    name: 'an Observable fails when it is subscribed to',
    app: streaming(() =>
      defer(() => {
        throw new WsException('no');
      }),
    ),
    async run({ connect }) {
      await (await connect('alice')).tell('stream');
    },
    differs: {
      rows: ['error-envelope'],
      client: [
        ['alice', 'connect'],
        ['alice', 'event', 'exception', failure('stream', 'WS_EXCEPTION', 'no')],
      ],
    },
  },
  {
    name: 'an Observable of the app is shared by clients',
    app(note) {
      const news = new Subject<string>();
      @WebSocketGateway()
      class NewsGateway {
        @SubscribeMessage('follow')
        follow(): unknown {
          note('followers', news.observed);
          return news.pipe(map((data) => ({ event: 'news', data })));
        }

        @SubscribeMessage('publish')
        publish(): void {
          news.next('tea');
        }
      }
      return { providers: [NewsGateway] };
    },
    async run({ connect, rest }) {
      const alice = await connect('alice');
      const bob = await connect('bob');
      await alice.tell('follow');
      await bob.tell('follow');
      await alice.tell('publish');
      alice.socket.disconnect();
      await rest();
      await bob.tell('publish');
    },
  },
  {
    name: 'an Observable merges events and a failure of one part',
    app: streaming(() =>
      merge(
        of(1, 2).pipe(tick),
        throwError(() => new WsException('part')),
        of(3).pipe(tick),
      ),
    ),
    async run({ connect }) {
      await (await connect('alice')).tell('stream');
    },
    differs: {
      rows: ['error-envelope'],
      client: [
        ['alice', 'connect'],
        ['alice', 'event', 'tick', 1],
        ['alice', 'event', 'tick', 2],
        ['alice', 'event', 'exception', failure('stream', 'WS_EXCEPTION', 'part')],
      ],
    },
  },
  {
    name: 'the end of an Observable throws',
    app: streaming(
      () =>
        new Observable(() => () => {
          throw new Error('cannot close');
        }),
    ),
    async run({ connect, rest }) {
      const alice = await connect('alice');
      await alice.tell('stream');
      alice.socket.disconnect();
      await rest();
    },
    differs: {
      rows: ['log-of-failures'],
      log: [
        [
          'error',
          'WsExceptionsHandler',
          expect.stringMatching(/^The end of an Observable failed on client <alice>: .+cannot close$/s),
        ],
      ],
    },
  },
];
