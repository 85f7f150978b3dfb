import type { TestClient } from '../client/test-client.js';
import { format, showBecause } from '../report/format.js';
import { aboutClient, type Assertion } from './assertion.js';

/** Asserts that a client is in a room. */
export function isInRoom(client: TestClient, room: string): Assertion<string> {
  return {
    ...aboutClient(client),
    about: { room },
    instead: () => roomsOf(client),
    wanted: `be in room ${format(room)}`,
    look: () => client.rooms.find((name) => name === room),
    describe: () => [`${client.name} is in room ${format(room)}${showJoining(client, room)}`],
  };
}

/** Asserts that a client is in these rooms and in no others. The room of its own id does not count. */
export function isInRooms(client: TestClient, rooms: readonly string[]): Assertion<readonly string[]> {
  const wanted = new Set(rooms);
  return {
    ...aboutClient(client),
    complete: true,
    instead: () => roomsOf(client),
    wanted: rooms.length > 0 ? `be in rooms ${showRooms(rooms)} and in no others` : 'be in no room',
    look: () =>
      client.connected && client.rooms.length === wanted.size && client.rooms.every((room) => wanted.has(room))
        ? client.rooms
        : undefined,
    describe: () => [`${client.name} is in exactly these rooms`],
  };
}

/** When the client joined the room, and what caused it. */
function showJoining({ name, namespace, context }: TestClient, room: string): string {
  const joined = context.timeline.entries.findLast(
    (entry) => entry.kind === 'joined' && entry.client === name && entry.namespace === namespace && entry.room === room,
  );
  return joined ? `, which it joined at ${joined.at.toFixed(1)} ms${showBecause(joined.cause)}` : '';
}

function showRooms(rooms: readonly string[]): string {
  return rooms.map(format).join(', ');
}

function roomsOf({ name, rooms }: TestClient): readonly string[] {
  return [rooms.length > 0 ? `${name} is in rooms ${showRooms(rooms)}` : `${name} is in no room`];
}
