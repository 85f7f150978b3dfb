import { errorAnswerIn } from '../model/error-answer.js';
import { format } from '../report/format.js';
import type { Conversation } from './conversation.js';
import type { Answered } from './entry.js';
import type { HistoryRecord, Known } from './record.js';

type NamedClient = Parameters<HistoryRecord['knownAs']>[0];
type Say<Client> = Conversation<Client>['say'];
type Move<Client> = NonNullable<Conversation<Client>['join']>;

/**
 * Returns the functions of a conversation; what is done with them is recorded.
 *
 * @param number the conversation's number in the entries
 */
export function recordActions<Client extends NamedClient, Talk extends Conversation<Client>>(
  conversation: Talk,
  number: number,
  record: HistoryRecord,
): Talk {
  const { say, join, leave } = conversation;
  return {
    ...conversation,
    say: recordSay<Client>(record, say, number, join !== undefined),
    ...(join && { join: recordMove<Client>(record, 'joining', join, number) }),
    ...(leave && { leave: recordMove<Client>(record, 'leaving', leave, number) }),
  };
}

function recordSay<Client extends NamedClient>(
  record: HistoryRecord,
  say: Say<Client>,
  conversation: number,
  hasRooms: boolean,
): Say<Client> {
  return (client, room, message) => {
    if (record.messages.has(message))
      throw new TypeError(`${format(message)} was said before. Each message of a history is different.`);
    const known = record.knownAs(client);
    // Until it returns, nobody can have got it. If it throws, the client has not sent it.
    const result = say(client, room, message);
    record.messages.add(message);
    const asksAck = isPromise(result);
    const seq = record.add({ kind: 'said', ...known, conversation, message, ...(hasRooms && { room }), asksAck });
    return asksAck ? recordAnswer(record, result, seq, known) : result;
  };
}

function recordMove<Client extends NamedClient>(
  record: HistoryRecord,
  kind: 'joining' | 'leaving',
  move: Move<Client>,
  conversation: number,
): Move<Client> {
  return async (client, room) => {
    const known = record.knownAs(client);
    const seq = record.add({ kind, ...known, conversation, room });
    return recordAnswer(record, move(client, room), seq, known);
  };
}

async function recordAnswer(
  record: HistoryRecord,
  result: Promise<unknown>,
  to: number,
  known: Known,
): Promise<unknown> {
  let outcome: Answered['outcome'] = 'given up';
  try {
    const answer = await result;
    outcome = errorAnswerIn([answer]) ? 'refused' : 'done';
    return answer;
  } finally {
    record.add({ kind: 'answered', ...known, to, outcome });
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}
