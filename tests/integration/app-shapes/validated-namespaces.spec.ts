import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { describe } from 'vitest';
import { servings } from './servings.js';
import { BookingsGateway, RoomsGateway, validatedNamespacesApp } from './validated-namespaces.app.js';

describe.each(servings)('an app with three namespaces, DTOs, a guard and filters, on %s', (_kind, imports) => {
  const test = realtimeTest(validatedNamespacesApp(imports));
  const rooms = { namespace: 'rooms' };
  const bookings = { namespace: 'bookings' };
  const from = '2030-06-01T10:00:00Z';
  const guest = { name: 'Alice' };

  test('a handler receives an instance of its DTO without unknown fields', async ({ app, connect }) => {
    const alice = await connect(rooms);
    const message = { room: 'lobby', guest: { ...guest, isAdmin: true }, isAdmin: true };
    await expect(alice.emitWithAck('enter', message)).toBeAcked('Alice is in lobby');
    const { entered } = app.get(RoomsGateway);
    expect(entered).toEqual([{ room: 'lobby', guest }]);
    expect((entered[0] as object).constructor.name).toBe('EnterRoom');
  });

  test('strings in a message become the numbers and dates of its DTO', async ({ app, connect }) => {
    const alice = await connect(bookings);
    const booked = alice.emitWithAck('book', { room: 'lobby', seats: '4', from });
    await expect(booked).toBeAcked({ ok: true, seats: 4, year: 2030 });
    expect(app.get(BookingsGateway).booked).toEqual([{ room: 'lobby', seats: 4, from: new Date(from) }]);
  });

  test('a filter emits its own event to the sender of an invalid message, and to no other client', async ({
    app,
    connect,
  }) => {
    const [alice, bob] = await connect(2, rooms);
    alice.emit('enter', { room: 'x', guest: { name: '' } });
    const faults = [
      'room must be longer than or equal to 2 characters',
      'name must be longer than or equal to 1 characters',
    ];
    await expect(alice).toReceiveExactly([
      'room:error',
      { event: 'enter', reason: 'the message is not valid', faults },
    ]);
    await expect(bob).toReceiveExactly();
    expect(app.get(RoomsGateway).entered).toEqual([]);
  });

  test.for([
    ['cellar', 'the cellar is closed'],
    ['attic', 'something is wrong here'],
  ] as const)('a filter emits its own event for an error of a handler: %s', async ([room, reason], { connect }) => {
    const alice = await connect(rooms);
    alice.emit('enter', { room, guest });
    await expect(alice).toReceiveExactly(['room:error', { event: 'enter', reason }]);
  });

  test('a filter answers an invalid message through the ack', async ({ app, connect }) => {
    const alice = await connect(bookings);
    expect(await alice.emitWithAck('book', { room: 'lobby', seats: 9, from: 'soon' })).toEqual({
      ok: false,
      reason: 'the message is not valid',
      faults: ['seats must not be greater than 8', 'from must be a Date instance'],
    });
    await expect(alice).toReceiveExactly();
    expect(app.get(BookingsGateway).booked).toEqual([]);
  });

  test.for([
    ['cellar', 'the cellar is closed'],
    ['attic', 'something is wrong here'],
  ] as const)('a filter answers an error of a handler through the ack: %s', async ([room, reason], { connect }) => {
    const alice = await connect(bookings);
    expect(await alice.emitWithAck('book', { room, seats: 2, from })).toEqual({ ok: false, reason });
    await expect(alice).toReceiveExactly();
  });

  test('a filter that answers through the ack sends nothing when there is no ack', async ({ app, connect }) => {
    const alice = await connect(bookings);
    app.allowRefusals('the cellar is closed');
    alice.emit('book', { room: 'cellar', seats: 2, from });
    await expect(alice).toReceiveExactly();
    await expect(alice.emitWithAck('book', { room: 'lobby', seats: 2, from })).toBeAcked();
  });

  test('a guard accepts a client whose handshake has the role of a manager', async ({ connect }) => {
    const boss = await connect({ namespace: 'management', auth: { role: 'manager' } });
    await expect(boss.emitWithAck('close', { room: 'lobby' })).toBeAcked('lobby is closed');
  });

  test('a guard refuses any other client with the event "exception"', async ({ connect }) => {
    const alice = await connect({ namespace: 'management', auth: { role: 'guest' } });
    alice.emit('close', { room: 'lobby' });
    const refusal = expect.objectContaining({ status: 'error', message: 'Forbidden resource' });
    await expect(alice).toReceiveExactly(['exception', refusal]);
  });

  test('an action in one namespace reaches a room of another namespace, and no other client', async ({ connect }) => {
    const [alice, bob, carol] = await connect(3, rooms);
    const booker = await connect(bookings);
    const boss = await connect({ namespace: 'management', auth: { role: 'manager' } });
    await alice.emitWithAck('enter', { room: 'lobby', guest });
    await bob.emitWithAck('enter', { room: 'lobby', guest: { name: 'Bob' } });
    await boss.emitWithAck('close', { room: 'lobby' });
    await expect(alice).toReceiveExactly(['entered', 'Bob'], ['closed', 'lobby']);
    await expect(bob).toReceiveExactly(['closed', 'lobby']);
    for (const client of [carol, booker, boss]) await expect(client).toReceiveExactly();
  });

  test('one connection carries all three namespaces', async ({ app, connect }) => {
    const alice = await connect({ ...rooms, transports: ['polling'] });
    const { io } = alice.socket;
    const booker = io.socket('/bookings').connect();
    const boss = io.socket('/management', { auth: { role: 'manager' } }).connect();
    expect(await booker.emitWithAck('book', { room: 'lobby', seats: 1, from })).toMatchObject({ ok: true });
    expect(await boss.emitWithAck('close', { room: 'lobby' })).toBe('lobby is closed');
    await expect(alice.emitWithAck('enter', { room: 'lobby', guest })).toBeAcked('Alice is in lobby');
    expect(app.io.engine.clientsCount).toBe(1);
    for (const socket of [booker, boss]) socket.disconnect();
  });
});
