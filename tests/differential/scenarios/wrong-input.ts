import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Socket } from 'socket.io';
import { expect } from 'vitest';
import { answered } from '../support/failure.js';
import type { App, Note, Scenario } from '../support/scenario.js';

function app(note: Note): App {
  @WebSocketGateway()
  class LenientGateway {
    handleConnection(client: Socket): void {
      client.on('error', (error: Error) => note('error', error.message));
      client.onAny((...event: unknown[]) =>
        note(
          'any',
          event.map((part) => (typeof part === 'function' ? 'ack' : part)),
        ),
      );
      client.on('disconnect', (reason) => note('disconnect', reason));
    }

    @SubscribeMessage('say')
    say(_client: Socket, body: unknown): unknown {
      note('said', body);
      return 'answer';
    }
  }
  return { providers: [LenientGateway] };
}

/** A client that sends packets of Engine.IO as they are. */
const sending = (what: string, ...packets: string[]): Scenario => ({
  name: `a client sends ${what}`,
  app,
  async run({ connect }) {
    const alice = await connect('alice');
    await alice.sendRaw(...packets);
    await alice.fence();
  },
});

/** One that is disconnected for it. */
const sendingNoPacket = (what: string, ...packets: string[]): Scenario => ({
  ...sending(what, ...packets),
  differs: {
    rows: ['told-why', 'log-of-refusals'],
    client: [
      ['alice', 'connect'],
      ['alice', 'event', 'exception', answered('PARSE_ERROR', 'A packet cannot be decoded')],
      // By polling the answer to a poll has room for the reason or for the end.
      ['alice', 'disconnect', expect.stringMatching(/^transport (?:close|error)$/)],
    ],
    log: [['warn', 'Flow', 'Disconnected a client at 127.0.0.1: A packet cannot be decoded']],
  },
});

export const wrongInput: Scenario[] = [
  sendingNoPacket('a packet of an unknown type', '9'),
  sendingNoPacket('a packet that is no packet', 'abc'),
  sendingNoPacket('a text packet that is empty', ''),
  sendingNoPacket('an event whose payload is no list', '2{}'),
  sendingNoPacket('an event whose payload is no JSON', '2["say"'),
  sendingNoPacket('an event without a name', '2[]'),
  sendingNoPacket('an event whose name is null', '2[null,1]'),
  sendingNoPacket('an event whose name is an object', '2[{"say":1},1]'),
  sendingNoPacket('an event whose name Socket.IO reserves', '2["disconnect","why not"]'),
  sendingNoPacket('an event with an ack id that is no number', '2x["say",1]'),
  sendingNoPacket('an ack whose payload is no list', '37{"answer":1}'),
  sendingNoPacket(
    'a binary event without its attachments, and another event',
    '51-["say",{"_placeholder":true,"num":0}]',
    '2["say",1]',
  ),
  sendingNoPacket('a binary event with very many attachments', '599999-["say"]'),
  sending('an event whose payload is nested 60 deep', `2["say",${'['.repeat(60)}${']'.repeat(60)}]`),
  {
    ...sending('an event whose payload is nested 1000 deep', `2["say",${'['.repeat(1000)}${']'.repeat(1000)}]`),
    differs: {
      rows: ['limits', 'log-of-refusals'],
      client: [
        ['alice', 'connect'],
        ['alice', 'event', 'exception', answered('MESSAGE_TOO_DEEP', 'A message may be nested 64 levels deep')],
        ['alice', 'disconnect', expect.stringMatching(/^transport (?:close|error)$/)],
      ],
      handlers: [['disconnect', 'message too deep']],
      log: [['warn', 'Flow', 'Disconnected a client at 127.0.0.1: A message may be nested 64 levels deep']],
    },
  },
  sending('an event whose arguments have null in place of what cannot be sent', '2["say",null,null]'),
  sending('an event with a thousand arguments', `2["say"${',1'.repeat(1000)}]`),
  sending('an event whose name is `exception`', '2["exception",1]'),
  sending('an event whose name is a number', '2[5,1]'),
  sending('an event whose name is `error`', '2["error","why not"]'),
  sending('an event whose name the decorator has in another case', '2["SAY",1]'),
  sending('an event with an ack id that is very large', '2123456789012345["say",1]'),
  sending('an event twice with one ack id', '27["say",1]', '27["say",2]'),
  sending('an ack that nobody has asked for', '37["answer"]'),
  sending('an event for a namespace that it is not in', '2/other,["say",1]'),
  sending('a request to leave a namespace that it is not in', '1/other,'),
  sending('an error packet', '4{"message":"no"}'),
  {
    ...sending('a request to join the namespace that it is in', '0'),
    differs: {
      rows: ['joining-again'],
      client: [
        ['alice', 'connect'],
        ['alice', 'connect'],
      ],
      handlers: [
        ['disconnect', 'client namespace disconnect'],
        ['disconnect', 'client namespace disconnect'],
      ],
    },
  },
  {
    name: 'a client leaves a namespace and joins it again in one go',
    app,
    async run({ connect, see }) {
      const alice = await connect('alice');
      await alice.fence();
      let connected: Promise<unknown> | undefined;
      alice.together(() => {
        alice.socket.disconnect();
        connected = alice.connect();
      });
      await connected;
      see('connected', alice.socket.connected);
    },
    differs: {
      rows: ['joining-again'],
      client: [
        ['connected', true],
        ['alice', 'connect'],
        ['alice', 'disconnect', 'io client disconnect'],
        ['alice', 'connect'],
      ],
      handlers: [
        ['disconnect', 'client namespace disconnect'],
        ['disconnect', 'client namespace disconnect'],
      ],
    },
  },
];
