import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import type { App, Note, Scenario, Stage } from '../support/scenario.js';
import type { Client } from '../support/client.js';

function app(note: Note): App {
  @WebSocketGateway()
  class RoomsGateway {
    @SubscribeMessage('join')
    async join(@ConnectedSocket() client: Socket, @MessageBody() rooms: string[]): Promise<string[]> {
      await client.join(rooms);
      return [...client.rooms];
    }

    @SubscribeMessage('leave')
    async leave(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string[]> {
      await client.leave(room);
      return [...client.rooms];
    }

    @SubscribeMessage('say')
    say(@ConnectedSocket() client: Socket, @MessageBody() text: string): void {
      client.broadcast.emit('said', text);
      client.to('lobby').emit('said in the lobby', text);
      client.in(['lobby', 'kitchen']).except('garden').emit('said in the house', text);
      client.to('lobby').to('kitchen').emit('said once', text);
    }

    handleConnection(client: Socket): void {
      client.on('disconnect', (reason) => note('left', client.id, reason));
    }
  }
  return { providers: [RoomsGateway] };
}

/** Alice is in the lobby, Bob in lobby and kitchen, Carol in kitchen and garden. */
async function party({ connect }: Stage): Promise<Record<'alice' | 'bob' | 'carol', Client>> {
  const alice = await connect('alice');
  const bob = await connect('bob');
  const carol = await connect('carol');
  await alice.ask('join', ['lobby']);
  await bob.ask('join', ['lobby', 'kitchen']);
  await carol.ask('join', ['kitchen', 'garden']);
  return { alice, bob, carol };
}

/** Each scenario is something that the app does with its server while they are there. */
const acting = (
  name: string,
  act: (io: Server, stage: Stage, clients: Record<'alice' | 'bob' | 'carol', Client>) => unknown,
): Scenario => ({
  name,
  app,
  async run(stage) {
    const clients = await party(stage);
    await act(stage.io, stage, clients);
  },
});

const sorted = (values: Iterable<string>): string[] => [...values].toSorted();

export const broadcasts: Scenario[] = [
  acting('a client joins rooms, and leaves them', async (_io, _stage, { bob }) => {
    await bob.ask('leave', 'kitchen');
    await bob.ask('leave', 'nowhere');
  }),
  acting('a handler emits to others, to rooms, and except rooms', async (_io, _stage, { alice, carol }) => {
    await alice.tell('say', 'hi');
    await carol.tell('say', 'ho');
  }),
  acting('the server emits to all, to rooms, and except rooms', (io) => {
    io.emit('to all', 1, { two: Buffer.of(2) });
    io.to('lobby').emit('to the lobby');
    io.in('kitchen').emit('in the kitchen');
    io.to(['lobby', 'kitchen']).emit('to each once');
    io.except('garden').emit('not in the garden');
    io.to('kitchen').except(['garden']).emit('in the kitchen, not in the garden');
    io.to('nowhere').emit('to nobody');
  }),
  acting('the server emits to one client by its id, which is a room', (io, _stage, { bob }) => {
    io.to(bob.socket.id!).emit('to bob');
    io.except(bob.socket.id!).emit('not to bob');
  }),
  acting('the server emits with volatile, compress and local', (io) => {
    io.volatile.emit('volatile', 1);
    io.compress(false).emit('uncompressed', 2);
    io.local.emit('local', 3);
    io.to('lobby').volatile.compress(true).local.emit('all of it', 4);
    for (const [, socket] of io.sockets.sockets) socket.volatile.compress(false).emit('one', 5);
  }),
  acting('the server emits a volatile event right behind another to a client', (io, _stage, { alice }) => {
    const socket = io.sockets.sockets.get(alice.socket.id!)!;
    socket.emit('first', 1);
    socket.volatile.emit('dropped', 2);
    socket.emit('last', 3);
  }),
  acting('the server emits after its client has left', async (io, { see, rest }, { alice }) => {
    const socket = io.sockets.sockets.get(alice.socket.id!)!;
    alice.socket.disconnect();
    await rest();
    see('emitted', socket.emit('too late'), socket.connected, socket.rooms.size);
    io.to(socket.id).emit('too late');
  }),
  acting('the server emits by send and write', (io) => {
    io.send('sent');
    io.write('written');
    for (const [, socket] of io.sockets.sockets) socket.send('one').write('two');
  }),
  acting('socketsJoin and socketsLeave move the clients of a room', (io, { see }) => {
    io.in('lobby').socketsJoin(['attic', 'cellar']);
    io.to('attic').emit('in the attic');
    io.in('kitchen').socketsLeave('attic');
    io.to('attic').emit('still in the attic');
    io.socketsJoin('everywhere');
    see('rooms', sorted([...io.sockets.adapter.rooms.keys()].filter((room) => room.length < 20)));
  }),
  acting('fetchSockets finds clients, with rooms, data and handshake', async (io, { see }, { alice }) => {
    for (const [, socket] of io.sockets.sockets) socket.data = { seen: true };
    const found = await io.in('kitchen').fetchSockets();
    see('found', found.length, (await io.fetchSockets()).length, (await io.in('nowhere').fetchSockets()).length);
    const [one] = await io.in(alice.socket.id!).fetchSockets();
    see('alice', one!.id, [...one!.rooms], one!.data, one!.handshake.address, one!.handshake.auth);
    one!.emit('found');
    one!.join('attic');
    one!.leave('lobby');
    io.to('attic').emit('in the attic');
    one!.disconnect();
    await alice.leaves();
  }),
  acting('disconnectSockets disconnects the clients of a room', async (io, _stage, { bob, carol }) => {
    io.in('kitchen').disconnectSockets();
    await Promise.all([bob.leaves(), carol.leaves()]);
    io.emit('who is left');
  }),
  acting('disconnectSockets ends the connections of the clients of a room', async (io, _stage, { bob, carol }) => {
    io.in('kitchen').disconnectSockets(true);
    await Promise.all([bob.leaves(), carol.leaves()]);
  }),
  acting('allSockets has the ids of the clients of a room', async (io, { see }) => {
    see('all', (await io.in('lobby').allSockets()).size, (await io.allSockets()).size);
  }),
  acting('rooms of the adapter tell of themselves', (io, { note }) => {
    const { adapter } = io.sockets;
    for (const event of ['create-room', 'join-room', 'leave-room', 'delete-room'])
      adapter.on(event, (room: string, id?: string) => note(event, room, id));
    io.in('lobby').socketsJoin('attic');
    io.socketsLeave('attic');
  }),
  acting('a client leaves, and its rooms with it', async (io, { see, rest }, { carol }) => {
    carol.socket.disconnect();
    await rest();
    see('rooms', sorted([...io.sockets.adapter.rooms.keys()].filter((room) => room.length < 20)));
  }),
  acting('the server asks one client, by an ack', async (io, { see }, { alice, bob }) => {
    const [one, two] = [io.sockets.sockets.get(alice.socket.id!)!, io.sockets.sockets.get(bob.socket.id!)!];
    alice.socket.on('question', (text: string, ack: (...answer: unknown[]) => void) => ack(`${text}: yes`, 2));
    see('answer', await one.emitWithAck('question', 'tea'));
    one.emit('question', 'coffee', (...answer: unknown[]) => see('callback', answer));
    await alice.fence();
    await two
      .timeout(20)
      .emitWithAck('question', 'tea')
      .catch((error: Error) => see('error', error.message));
    await new Promise<void>((resolve) => {
      two.timeout(20).emit('question', 'tea', (error: Error) => {
        see('error', error.message);
        resolve();
      });
    });
    see('answer in time', await one.timeout(5_000).emitWithAck('question', 'cake'));
  }),
  acting('the server asks several clients, by an ack', async (io, { see }, { alice, bob, carol }) => {
    for (const client of [alice, bob])
      client.socket.on('question', (ack: (answer: string) => void) => ack(client.name));
    see('answers', sorted((await io.timeout(5_000).to('lobby').emitWithAck('question')) as string[]));
    see('nobody', await io.timeout(5_000).to('nowhere').emitWithAck('question'));
    await new Promise<void>((resolve) => {
      io.timeout(400).emit('question', (error: Error, answers: string[]) => {
        see('not all', error.message, sorted(answers));
        resolve();
      });
    });
    carol.socket.on('question', (ack: (answer: string) => void) => ack('carol'));
    see('all', sorted((await io.timeout(5_000).emitWithAck('question')) as string[]));
  }),
  acting('one client broadcasts, and asks the others by an ack', async (io, { see }, { alice, bob, carol }) => {
    const socket = io.sockets.sockets.get(alice.socket.id!)!;
    for (const client of [bob, carol])
      client.socket.on('question', (ack: (answer: string) => void) => ack(client.name));
    see('answers', sorted((await socket.broadcast.timeout(5_000).emitWithAck('question')) as string[]));
    see('in the lobby', await socket.to('lobby').timeout(5_000).emitWithAck('question'));
    socket.local.emit('local');
    socket.volatile.broadcast.emit('volatile');
    socket.compress(true).except('garden').emit('not in the garden');
  }),
  acting('the server broadcasts an event that Socket.IO reserves', (io, { see }) => {
    for (const event of ['connect', 'disconnect', 'connect_error', 'disconnecting', 'newListener', 'removeListener']) {
      try {
        io.emit(event);
      } catch (error) {
        see('error', error);
      }
    }
  }),
  acting('serverSideEmit asks other servers, of which there are none', async (io, { see }) => {
    io.on('ping of a server' as never, (() => see('heard')) as never);
    const attempts: [string, () => unknown][] = [
      ['plain', () => io.serverSideEmit('ping of a server')],
      ['reserved', () => io.serverSideEmit('connection')],
      ['ack', () => io.serverSideEmit('ping of a server', () => {})],
    ];
    for (const [what, attempt] of attempts) {
      try {
        see(what, await attempt());
      } catch (error) {
        see(what, error);
      }
    }
  }),
];
