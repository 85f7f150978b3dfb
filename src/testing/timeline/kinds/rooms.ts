import { format } from '../../report/format.js';
import type { Kind, Kinds } from './kind.js';

interface Room {
  client: string;
  namespace: string;
  room: string;
}

export type RoomEntry = (Room & { kind: 'joined' }) | (Room & { kind: 'left' });

const change = (verb: string): Kind<Room> => ({
  sentence: ({ client, room }) => `${client} ${verb} room ${format(room)}`,
  gist: ({ room }) => `${verb} room ${format(room)}`,
});

export const rooms: Kinds<RoomEntry> = { joined: change('joined'), left: change('left') };
