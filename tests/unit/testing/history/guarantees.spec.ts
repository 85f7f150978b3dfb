import { describe, expect, test } from 'vitest';
import type { Guarantee } from '../../../../src/testing/history/guarantee.js';
import { atMostOnce } from '../../../../src/testing/history/guarantees/at-most-once.js';
import { everyMember } from '../../../../src/testing/history/guarantees/every-member.js';
import { onlyMembers } from '../../../../src/testing/history/guarantees/only-members.js';
import { orderPerSender } from '../../../../src/testing/history/guarantees/order-per-sender.js';
import { wholeRecovery } from '../../../../src/testing/history/guarantees/whole-recovery.js';
import { readHistory } from '../../../../src/testing/history/recorded.js';
import { inTheLobby, type Writing } from './write-history.js';

type Case = readonly [title: string, write: (writing: Writing) => void];

/** Alice, bob and carol are in the lobby; dave is connected. */
function check(guarantee: Guarantee, write: Case[1]): string | undefined {
  const writing = inTheLobby('alice', 'bob', 'carol');
  writing.connect('dave');
  write(writing);
  return guarantee.violationIn(readHistory(writing.entries))?.sentence;
}

function holds(guarantee: Guarantee, cases: readonly Case[]): void {
  test.each(cases)('holds: %s', (_, write) => expect(check(guarantee, write)).toBeUndefined());
}

function fails(guarantee: Guarantee, cases: readonly (readonly [...Case, sentence: string])[]): void {
  test.each(cases)('does not hold: %s', (_, write, sentence) => expect(check(guarantee, write)).toBe(sentence));
}

/** Bob loses his connection, and recovers it after `meanwhile`. */
function recover(w: Writing, meanwhile: () => void = () => {}, recovered = true): void {
  w.disconnect('bob');
  meanwhile();
  w.connect('bob', recovered);
}

describe('atMostOnce', () => {
  holds(atMostOnce(), [
    ['nobody says anything', () => {}],
    ['each member hears a message once', (w) => (w.say('alice', 'm'), w.hear('bob', 'm'), w.hear('carol', 'm'))],
    [
      'a client hears two messages',
      (w) => (w.say('alice', 'm'), w.say('alice', 'n'), w.hear('bob', 'm'), w.hear('bob', 'n')),
    ],
    [
      'a client hears a message again on a new connection',
      (w) => (w.say('alice', 'm'), w.hear('bob', 'm'), recover(w, undefined, false), w.hear('bob', 'm')),
    ],
    ['the server says something to a client twice', (w) => (w.hear('bob', 'x'), w.hear('bob', 'x'))],
  ]);
  fails(atMostOnce(), [
    [
      'a client hears a message twice',
      (w) => (w.say('alice', 'm'), w.hear('bob', 'm'), w.hear('bob', 'm')),
      "bob got 'm' twice",
    ],
    [
      'a recovered client hears what it has heard before',
      (w) => (w.say('alice', 'm'), w.hear('bob', 'm'), recover(w), w.hear('bob', 'm')),
      "bob got 'm' twice",
    ],
    [
      'a client hears a message twice on a recovered connection',
      (w) => (recover(w, () => w.say('alice', 'm')), w.hear('bob', 'm'), w.hear('bob', 'm')),
      "bob got 'm' twice",
    ],
  ]);
});

describe('orderPerSender', () => {
  const both = (w: Writing): void => void (w.say('alice', 'm'), w.say('alice', 'n'));
  holds(orderPerSender(), [
    ['messages come in order', (w) => (both(w), w.hear('bob', 'm'), w.hear('bob', 'n'))],
    [
      'messages of two senders cross',
      (w) => (w.say('alice', 'm'), w.say('carol', 'n'), w.hear('bob', 'n'), w.hear('bob', 'm')),
    ],
    [
      'messages of two conversations cross',
      (w) => {
        w.say('alice', 'm');
        w.conversation = 1;
        w.say('alice', 'n');
        w.hear('bob', 'n');
        w.hear('bob', 'm');
      },
    ],
    [
      'messages of two rooms cross',
      (w) => (w.say('alice', 'm'), w.say('alice', 'n', 'garden'), w.hear('bob', 'n'), w.hear('bob', 'm')),
    ],
    [
      'two members hear the messages at different times',
      (w) => (both(w), w.hear('bob', 'm'), w.hear('bob', 'n'), w.hear('carol', 'm')),
    ],
    ['a message is missing', (w) => (both(w), w.hear('bob', 'n'))],
    ['a message comes again', (w) => (both(w), w.hear('bob', 'm'), w.hear('bob', 'n'), w.hear('bob', 'm'))],
    [
      'the sender said them on two connections',
      (w) => {
        w.say('alice', 'm');
        w.disconnect('alice');
        w.connect('alice', true);
        w.say('alice', 'n');
        w.hear('bob', 'n');
        w.hear('bob', 'm');
      },
    ],
    [
      'the receiver has connected anew',
      (w) => (both(w), w.hear('bob', 'n'), recover(w, undefined, false), w.hear('bob', 'm')),
    ],
    [
      'the sender said one while it was away',
      (w) => {
        w.disconnect('alice');
        both(w);
        w.connect('alice');
        w.hear('bob', 'n');
        w.hear('bob', 'm');
      },
    ],
  ]);
  fails(orderPerSender(), [
    [
      'messages of one sender cross',
      (w) => (both(w), w.hear('bob', 'n'), w.hear('bob', 'm')),
      "bob got 'm' after 'n', and alice had sent it before",
    ],
    [
      'missed messages come in the wrong order',
      (w) => (recover(w, () => both(w)), w.hear('bob', 'n'), w.hear('bob', 'm')),
      "bob got 'm' after 'n', and alice had sent it before",
    ],
    [
      'a recovery brings what is older than what was heard before',
      (w) => (both(w), w.hear('bob', 'n'), recover(w), w.hear('bob', 'm')),
      "bob got 'm' after 'n', and alice had sent it before",
    ],
    [
      'the third of three comes before the second',
      (w) => (both(w), w.say('alice', 'o'), w.hear('bob', 'm'), w.hear('bob', 'o'), w.hear('bob', 'n')),
      "bob got 'n' after 'o', and alice had sent it before",
    ],
  ]);
});

describe('onlyMembers', () => {
  holds(onlyMembers(), [
    ['a member hears a message', (w) => (w.say('alice', 'm'), w.hear('bob', 'm'))],
    ['a sender outside the room hears its own message', (w) => (w.say('dave', 'm'), w.hear('dave', 'm'))],
    ['a client is about to join', (w) => (w.ask('joining', 'dave'), w.say('alice', 'm'), w.hear('dave', 'm'))],
    [
      'a client asks to join after the message, before it arrives',
      (w) => (w.say('alice', 'm'), w.ask('joining', 'dave'), w.hear('dave', 'm')),
    ],
    ['a client is about to leave', (w) => (w.ask('leaving', 'bob'), w.say('alice', 'm'), w.hear('bob', 'm'))],
    ['a message crosses the ack of leaving', (w) => (w.say('alice', 'm'), w.leave('bob'), w.hear('bob', 'm'))],
    [
      'leaving was not acked',
      (w) => (w.answer(w.ask('leaving', 'bob'), 'given up'), w.say('alice', 'm'), w.hear('bob', 'm')),
    ],
    [
      'joining was not acked',
      (w) => (w.answer(w.ask('joining', 'dave'), 'given up'), w.say('alice', 'm'), w.hear('dave', 'm')),
    ],
    [
      'a request without an ack may be done later than one with an ack',
      (w) => {
        w.ask('joining', 'dave');
        w.leave('dave');
        w.say('alice', 'm');
        w.hear('dave', 'm');
      },
    ],
    [
      'a request without an ack may be done even later',
      (w) => {
        w.ask('joining', 'dave');
        w.leave('dave');
        w.leave('dave');
        w.say('alice', 'm');
        w.hear('dave', 'm');
      },
    ],
    [
      'the app has refused to let a client join',
      (w) => (w.answer(w.ask('joining', 'dave'), 'refused'), w.say('alice', 'm'), w.hear('dave', 'm')),
    ],
    [
      'the app refuses one of two requests that overlap',
      (w) => {
        const [first, second] = [w.ask('leaving', 'bob'), w.ask('leaving', 'bob')];
        w.answer(first);
        w.answer(second, 'refused');
        w.say('alice', 'm');
        w.hear('bob', 'm');
      },
    ],
    [
      'the client has given up its request, which may be done later than one with an ack',
      (w) => {
        w.answer(w.ask('joining', 'dave'), 'given up');
        w.leave('dave');
        w.say('alice', 'm');
        w.hear('dave', 'm');
      },
    ],
    [
      'a request is done that the client kept until it connected anew',
      (w) => {
        w.disconnect('dave');
        const request = w.ask('joining', 'dave');
        w.connect('dave');
        w.say('alice', 'm');
        w.hear('dave', 'm');
        w.answer(request);
      },
    ],
    [
      'joining and leaving overlapped',
      (w) => {
        const [join, leave] = [w.ask('joining', 'dave'), w.ask('leaving', 'dave')];
        w.answer(join);
        w.answer(leave);
        w.say('alice', 'm');
        w.hear('dave', 'm');
      },
    ],
    ['a recovered client stays a member', (w) => (recover(w), w.say('alice', 'm'), w.hear('bob', 'm'))],
    [
      'a recovered client hears what was said while it was away',
      (w) => (recover(w, () => w.say('alice', 'm')), w.hear('bob', 'm')),
    ],
    ['a client has joined again', (w) => (w.leave('bob'), w.join('bob'), w.say('alice', 'm'), w.hear('bob', 'm'))],
    ['the message is for everybody', (w) => (w.shout('alice', 'm'), w.hear('dave', 'm'))],
    [
      'a client of another namespace hears a room of its own',
      (w) => {
        for (const client of ['erin', 'frank']) {
          w.connect(client, false, '/garden');
          w.join(client);
        }
        w.say('erin', 'm');
        w.hear('frank', 'm');
      },
    ],
    ['nobody is known to have said it', (w) => w.hear('dave', 'x')],
  ]);
  fails(onlyMembers(), [
    [
      'a client hears a room that it never joined',
      (w) => (w.say('alice', 'm'), w.hear('dave', 'm')),
      "dave got 'm' of room 'lobby', which it had not joined since it connected",
    ],
    [
      'a member of another room hears it',
      (w) => (w.join('dave', 'garden'), w.say('alice', 'm'), w.hear('dave', 'm')),
      "dave got 'm' of room 'lobby', which it had not joined since it connected",
    ],
    [
      'a client hears a room that it has left by a request that it kept until it connected anew',
      (w) => {
        w.disconnect('bob');
        const request = w.ask('leaving', 'bob');
        w.connect('bob');
        w.answer(request);
        w.say('alice', 'm');
        w.hear('bob', 'm');
      },
      "bob got 'm' of room 'lobby', which it had left",
    ],
    [
      'a client hears a room that it has left, after the app had refused to let it join',
      (w) => {
        w.answer(w.ask('joining', 'dave'), 'refused');
        w.leave('dave');
        w.say('alice', 'm');
        w.hear('dave', 'm');
      },
      "dave got 'm' of room 'lobby', which it had left",
    ],
    [
      'a client hears a room that it has left',
      (w) => (w.leave('bob'), w.say('alice', 'm'), w.hear('bob', 'm')),
      "bob got 'm' of room 'lobby', which it had left",
    ],
    [
      'a client that connected anew hears a room from before',
      (w) => (recover(w, undefined, false), w.say('alice', 'm'), w.hear('bob', 'm')),
      "bob got 'm' of room 'lobby', which it had not joined since it connected",
    ],
    [
      'a client that connected anew hears what was said before, without joining',
      (w) => (w.say('alice', 'm'), recover(w, undefined, false), w.hear('bob', 'm')),
      "bob got 'm' of room 'lobby', which it had not joined since it connected",
    ],
    [
      'a recovered client hears a room that it had left before',
      (w) => (w.leave('bob'), recover(w), w.say('alice', 'm'), w.hear('bob', 'm')),
      "bob got 'm' of room 'lobby', which it had left",
    ],
    [
      'a client hears a room of another namespace, and is in one of the same name',
      (w) => {
        w.connect('erin', false, '/garden');
        w.join('erin');
        w.say('alice', 'm');
        w.hear('erin', 'm');
      },
      "erin got 'm' of namespace '/', and is in '/garden'",
    ],
    [
      'a client of another namespace hears what is for everybody',
      (w) => (w.connect('erin', false, '/garden'), w.shout('alice', 'm'), w.hear('erin', 'm')),
      "erin got 'm' of namespace '/', and is in '/garden'",
    ],
    [
      'a client hears a room, and is in one of the same name in another conversation',
      (w) => {
        w.conversation = 1;
        w.join('dave');
        w.conversation = 0;
        w.say('alice', 'm');
        w.hear('dave', 'm');
      },
      "dave got 'm' of room 'lobby', which it had not joined since it connected",
    ],
  ]);
});

describe('everyMember', () => {
  holds(everyMember(), [
    ['every member hears it', (w) => (w.say('alice', 'm'), w.hear('bob', 'm'), w.hear('carol', 'm'), w.settle())],
    ['it may be on its way', (w) => w.say('alice', 'm')],
    [
      'it was said while one waited until nothing is in flight',
      (w) => {
        const { seq } = w.say('alice', 'm');
        w.settle(seq);
        w.leave('bob');
        w.hear('carol', 'm');
        w.settle();
      },
    ],
    ['a member leaves', (w) => (w.say('alice', 'm'), w.hear('carol', 'm'), w.ask('leaving', 'bob'), w.settle())],
    [
      'a client is about to join',
      (w) => (w.ask('joining', 'dave'), w.say('alice', 'm'), w.hear('bob', 'm'), w.hear('carol', 'm'), w.settle()),
    ],
    ['a member disconnects', (w) => (w.say('alice', 'm'), w.hear('carol', 'm'), w.disconnect('bob'), w.settle())],
    [
      'a member connects anew',
      (w) => (w.say('alice', 'm'), w.hear('carol', 'm'), recover(w, undefined, false), w.settle()),
    ],
    [
      'a member was away and recovered',
      (w) => (recover(w, () => w.say('alice', 'm')), w.hear('carol', 'm'), w.settle()),
    ],
    ['the sender lost its connection', (w) => (w.say('alice', 'm'), w.disconnect('alice'), w.settle())],
    ['the sender was away', (w) => (w.disconnect('alice'), w.say('alice', 'm'), w.connect('alice'), w.settle())],
    ['the app refused it', (w) => (w.answer(w.say('alice', 'm', 'lobby', true), 'refused'), w.settle())],
    ['its ack never came', (w) => (w.say('alice', 'm', 'lobby', true), w.settle())],
    [
      'a client is in a room of the same name in another namespace',
      (w) => {
        w.connect('erin', false, '/garden');
        w.join('erin');
        w.say('alice', 'm');
        for (const member of ['bob', 'carol']) w.hear(member, 'm');
        w.settle();
      },
    ],
    [
      'a client is in a room of the same name in another conversation',
      (w) => {
        w.conversation = 1;
        w.say('alice', 'm');
        w.settle();
      },
    ],
    [
      'it comes to everybody of its namespace',
      (w) => {
        w.connect('erin', false, '/garden');
        w.shout('alice', 'm');
        for (const client of ['bob', 'carol', 'dave']) w.hear(client, 'm');
        w.settle();
      },
    ],
  ]);
  fails(everyMember(), [
    [
      'one of two members does not hear it',
      (w) => (w.say('alice', 'm'), w.hear('carol', 'm'), w.settle()),
      "bob did not get 'm', and was connected and a member all the time",
    ],
    [
      'a client does not hear it that the app refused at first',
      (w) => {
        w.answer(w.ask('joining', 'dave'), 'refused');
        w.join('dave');
        w.say('alice', 'm');
        for (const member of ['bob', 'carol']) w.hear(member, 'm');
        w.settle();
      },
      "dave did not get 'm', and was connected and a member all the time",
    ],
    [
      'a client does not hear it that joined by a request that it kept until it connected anew',
      (w) => {
        w.disconnect('bob');
        const request = w.ask('joining', 'bob');
        w.connect('bob');
        w.answer(request);
        w.say('alice', 'm');
        w.hear('carol', 'm');
        w.settle();
      },
      "bob did not get 'm', and was connected and a member all the time",
    ],
    [
      'nobody hears it, and the sender stays connected',
      (w) => (w.say('alice', 'm'), w.settle()),
      "bob did not get 'm', and was connected and a member all the time",
    ],
    [
      'nobody hears it, and its ack came',
      (w) => (w.answer(w.say('alice', 'm', 'lobby', true)), w.disconnect('alice'), w.settle()),
      "bob did not get 'm', and was connected and a member all the time",
    ],
    [
      'somebody hears it, and the sender has gone',
      (w) => (w.say('alice', 'm'), w.disconnect('alice'), w.hear('carol', 'm'), w.settle()),
      "bob did not get 'm', and was connected and a member all the time",
    ],
    [
      'a client that recovered before does not hear it',
      (w) => (recover(w), w.say('alice', 'm'), w.hear('carol', 'm'), w.settle()),
      "bob did not get 'm', and was connected and a member all the time",
    ],
    [
      'it comes to everybody but one',
      (w) => (w.shout('alice', 'm'), w.hear('bob', 'm'), w.hear('carol', 'm'), w.settle()),
      "dave did not get 'm', and was connected and a member all the time",
    ],
    [
      'a member leaves only after nothing was in flight',
      (w) => (w.say('alice', 'm'), w.hear('carol', 'm'), w.settle(), w.leave('bob'), w.settle()),
      "bob did not get 'm', and was connected and a member all the time",
    ],
  ]);
});

describe('wholeRecovery', () => {
  holds(wholeRecovery(), [
    [
      'a recovered client hears what it missed',
      (w) => (recover(w, () => (w.say('alice', 'm'), w.hear('carol', 'm'))), w.hear('bob', 'm'), w.settle()),
    ],
    [
      'a client that is not recovered misses a message',
      (w) => (recover(w, () => (w.say('alice', 'm'), w.hear('carol', 'm')), false), w.settle()),
    ],
    ['nobody else heard the message', (w) => (recover(w, () => w.say('alice', 'm')), w.settle())],
    [
      'only its sender heard the message',
      (w) => (recover(w, () => (w.say('alice', 'm'), w.hear('alice', 'm'))), w.settle()),
    ],
    [
      'the client had left the room',
      (w) => (w.leave('bob'), recover(w, () => (w.say('alice', 'm'), w.hear('carol', 'm'))), w.settle()),
    ],
    [
      'the client was about to leave the room',
      (w) => (w.ask('leaving', 'bob'), recover(w, () => (w.say('alice', 'm'), w.hear('carol', 'm'))), w.settle()),
    ],
    [
      'the client leaves after it is back',
      (w) => (recover(w, () => (w.say('alice', 'm'), w.hear('carol', 'm'))), w.leave('bob'), w.settle()),
    ],
    [
      'it is away again, for good',
      (w) => (recover(w, () => (w.say('alice', 'm'), w.hear('carol', 'm'))), w.disconnect('bob'), w.settle()),
    ],
    ['it was connected all the time', (w) => (w.say('alice', 'm'), w.hear('carol', 'm'), w.settle())],
    [
      'it is away while nothing is in flight',
      (w) => (w.disconnect('bob'), w.say('alice', 'm'), w.hear('carol', 'm'), w.settle(), w.connect('bob', true)),
    ],
  ]);
  const sentence = "bob recovered its connection, but did not get 'm'";
  fails(wholeRecovery(), [
    [
      'a message of the absence is missing',
      (w) => (recover(w, () => (w.say('alice', 'm'), w.hear('carol', 'm'))), w.settle()),
      sentence,
    ],
    [
      'another client hears it later',
      (w) => (recover(w, () => w.say('alice', 'm')), w.hear('carol', 'm'), w.settle()),
      sentence,
    ],
    [
      'a message was on its way when the connection was lost',
      (w) => (w.say('alice', 'm'), recover(w, () => w.hear('carol', 'm')), w.settle()),
      sentence,
    ],
    [
      'the client recovered twice',
      (w) => (recover(w, () => (w.say('alice', 'm'), w.hear('carol', 'm'))), recover(w), w.settle()),
      sentence,
    ],
    [
      'the message is for everybody',
      (w) => (recover(w, () => (w.shout('alice', 'm'), w.hear('carol', 'm'))), w.settle()),
      sentence,
    ],
  ]);
});
