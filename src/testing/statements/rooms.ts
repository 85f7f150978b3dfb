import type { TestClient } from '../app/test-client.js';
import { show } from '../errors.js';
import type { Statement } from './judge.js';

/** That a client is in a room. */
export function isInRoom(client: TestClient, room: string): Statement<string> {
  return {
    ...saidOf(client),
    wanted: `be in room ${show(room)}`,
    look: () => client.rooms.find((name) => name === room),
    describe: () => [`${client.name} is in room ${show(room)}`],
  };
}

/** That a client is in these rooms and, its own left out, in no others. */
export function isInRooms(client: TestClient, rooms: readonly string[]): Statement<readonly string[]> {
  const wanted = new Set(rooms);
  return {
    ...saidOf(client),
    complete: true,
    wanted: rooms.length > 0 ? `be in rooms ${showRooms(rooms)} and in no others` : 'be in no room',
    look: () =>
      client.connected &&
      client.rooms.length === wanted.size &&
      client.rooms.every((room) => wanted.has(room))
        ? client.rooms
        : undefined,
    describe: () => [`${client.name} is in exactly these rooms`],
  };
}

function saidOf(
  client: TestClient,
): Pick<
  Statement<unknown>,
  'stage' | 'clients' | 'subject' | 'timeout' | 'signal' | 'isHopeless' | 'silenceProvesNothing' | 'instead'
> {
  return {
    stage: client.context,
    clients: [client],
    subject: client.name,
    timeout: client.timeout,
    signal: client.signal,
    isHopeless: () => client.isGone,
    silenceProvesNothing: () =>
      client.connected
        ? undefined
        : `that proves nothing, since ${client.name} is gone and in no room at all`,
    instead: () => [
      client.rooms.length > 0
        ? `${client.name} is in rooms ${showRooms(client.rooms)}`
        : `${client.name} is in no room`,
    ],
  };
}

function showRooms(rooms: readonly string[]): string {
  return rooms.map(show).join(', ');
}
