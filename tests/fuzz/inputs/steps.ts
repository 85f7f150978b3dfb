import * as fc from 'fast-check';
import { frames, type Frame } from './frames.js';
import { anyJsonValues, awkwardNames, jsonObjects, jsonValues } from './json.js';

/**
 * What a client does in one go. `at` chooses one of the namespaces that it is in by then; arguments, ids and events' names
 * are JSON texts, so that there can be in them what a JavaScript value cannot have.
 */
export type Step =
  /** Emits an event that is well-formed, and has a handler that answers; the answer has to come, once. */
  | { do: 'ask'; at: number; event: string; args: readonly string[] }
  /** Emits any event, which leaves the connection as it is. */
  | { do: 'say'; at: number; id: string; event: string; args: readonly string[] }
  /** Emits an event with binary attachments, as many as it says. */
  | { do: 'attach'; at: number; id: string; event: string; args: readonly string[]; bytes: readonly number[] }
  /** Answers the last question of the server's. */
  | { do: 'answer'; at: number; args: readonly string[] }
  /** Answers what nobody has asked. */
  | { do: 'answer nobody'; at: number; id: string; args: readonly string[] }
  | { do: 'enter'; namespace: string; auth: string }
  | { do: 'leave'; at: number }
  /** Sends what may end the connection; if it does, a new one is opened for what follows. */
  | { do: 'break'; packet: string }
  | { do: 'break by a frame'; frame: Frame }
  | { do: 'break by bytes'; bytes: readonly number[] };

const echoes = [
  'echo',
  'echo later',
  'echo a stream',
  'echo a copy',
  'echo an assigned copy',
  'echo a clone',
  'echo a part',
  'echo the entries',
  'echo what a text says',
  'reply',
  'reply later',
];

const failures = [
  'dereference',
  'dereference later',
  'dereference in a stream',
  'print',
  'throw it',
  'reject with it',
  'fail a stream with it',
  'throw an error made of it',
  'throw a WsException',
  'throw a WsException that tells',
  'throw an HttpException',
  'throw a BadRequestException',
];

const enhanced = [
  'guarded',
  'guarded later',
  'validated',
  'whitelisted',
  'parsed',
  'two pipes',
  'stamped',
  'filtered',
  'filtered later',
  'filtered by Nest',
];

const questions = ['ask me', 'ask me later', 'ask me in time', 'ask me and wait'];

const others = ['join', 'leave', 'say', 'say to all', 'ask the room', 'stream', 'who am I'];

const answered = [...echoes, ...failures, ...enhanced, ...questions, ...others, 'nobody handles this'];

/** In `/chat` there are listeners of `onAny`, who may answer what has no handler, and do not. */
const answeredInChat = new Set([...echoes, ...failures, ...questions]);

/** Whether an event is sure to be answered. */
export function isAnswered(namespace: string, event: string): boolean {
  return namespace !== '/chat' || answeredInChat.has(event);
}

const unanswered = [
  'acked by hand',
  'acked by hand later',
  'stream for ever',
  'stream for ever later',
  'raw',
  'raw later',
];

const at = fc.nat({ max: 3 });

const argumentLists = fc.oneof(
  { weight: 6, arbitrary: jsonValues.map((value) => [value]) },
  { weight: 1, arbitrary: fc.array(jsonValues, { maxLength: 4 }) },
);

const anyArguments = fc.oneof(
  { weight: 6, arbitrary: anyJsonValues.map((value) => [value]) },
  { weight: 1, arbitrary: fc.array(anyJsonValues, { maxLength: 4 }) },
);

const eventNames = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...answered, ...unanswered).map((name) => JSON.stringify(name)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('error', 'connection', 'message', 'exception', 'data', 'close', 'question', 'said', ...awkwardNames)
      .map((name) => JSON.stringify(name)),
  },
  { weight: 1, arbitrary: fc.constantFrom('0', '-1', '1e999', '"\\ud800"', `"${'long'.repeat(500)}"`) },
);

/** What may stand where an id does; all but the first are no ids that a client of Socket.IO's would choose. */
const ids = fc.constantFrom('', '0', '1', '00', ' ', ' 7', '9007199254740993', '9'.repeat(400));

/** An event's arguments in which there are as many attachments as it says, or other than it says. */
const attachedArguments = fc.oneof(
  { weight: 3, arbitrary: fc.constant(['{"_placeholder":true,"num":0}']) },
  {
    weight: 2,
    arbitrary: fc.constant(['{"part":{"_placeholder":true,"num":0},"a":{"_placeholder":true,"num":0}}']),
  },
  {
    weight: 2,
    arbitrary: fc.constant(['[{"_placeholder":true,"num":0.5}]', '{"_placeholder":false,"num":0}']),
  },
  { weight: 1, arbitrary: argumentLists },
);

export const namespaces = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('/', '/chat', '/room-1', '/room-2') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '/room-',
      '/room-../chat',
      '/room-\n',
      '/room-__proto__',
      `/room-${'x'.repeat(1_000)}`,
      '/nowhere',
      '/chat?token=1',
      '/__proto__',
      '//',
    ),
  },
);

export const auths = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.constantFrom('', '', '{}', '{"user":{"name":"name"},"room":"Lobby"}', '{"refuse":{"why":"so"}}'),
  },
  { weight: 1, arbitrary: jsonObjects.map((auth) => `{"user":${auth}}`) },
  { weight: 1, arbitrary: jsonValues.map((room) => `{"room":${room}}`) },
  { weight: 1, arbitrary: jsonValues.map((refuse) => `{"refuse":${refuse}}`) },
  { weight: 1, arbitrary: jsonObjects },
);

/** Packets that Socket.IO's parser, or its server, takes offence at; and some that look like it. */
const brokenPackets = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '2',
    '2probe',
    '3',
    '3probe',
    '5',
    '6',
    '6noop',
    '7',
    'b',
    'bAAAA',
    'b====',
    '4',
    '49',
    '4-1',
    '4x[]',
    '40',
    '40{',
    '40[]',
    '40null',
    '40"text"',
    '41',
    '41{}',
    '42',
    '420',
    '42[',
    '42[]',
    '42{}',
    '42"echo"',
    '42[null]',
    '42[{}]',
    '42[["echo"]]',
    '42["connect"]',
    '42["connect_error"]',
    '42["disconnect"]',
    '42["disconnecting"]',
    '42["newListener"]',
    '42["removeListener"]',
    '42/nowhere,["echo",1]',
    '42/chat["echo"]',
    '43',
    '431',
    '431{}',
    '43NaN[]',
    '44',
    '44{}',
    '44"no"',
    '45["echo"]',
    '45-["echo"]',
    '450-["echo"]',
    '451-["echo"]',
    '451-["echo",{"_placeholder":true,"num":7}]',
    '451.5-["echo"]',
    '451e1-["echo"]',
    '45 1-["echo"]',
    '4511-["echo"]',
    '4599999999999-["echo"]',
    '461-[]',
    '461-1["x"]',
    '42["kick me",{}]',
    '42["kick me",{"keep":true}]',
  ),
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `42["${text}`),
  fc
    .record({
      type: fc.constantFrom('0', '1', '2', '3', '4', '5', '6', '51-', '61-'),
      nsp: namespaces,
      id: ids,
      data: anyJsonValues,
    })
    .map(({ type, nsp, id, data }) => `4${type}${nsp},${id}${data}`),
);

const bytes = fc.array(fc.nat({ max: 255 }), { maxLength: 24 });

export const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      at,
      event: fc.constantFrom(...answered),
      args: argumentLists,
    }),
  },
  {
    weight: 30,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      at,
      id: ids,
      event: eventNames,
      args: anyArguments,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('attach' as const),
      at,
      id: ids,
      event: fc.constantFrom(...answered, ...unanswered).map((name) => JSON.stringify(name)),
      args: attachedArguments,
      bytes,
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('answer' as const), at, args: anyArguments }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('answer nobody' as const), at, id: ids, args: anyArguments }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('enter' as const), namespace: namespaces, auth: auths }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), at }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('break' as const), packet: brokenPackets }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('break by a frame' as const), frame: frames }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('break by bytes' as const), bytes }) },
);
