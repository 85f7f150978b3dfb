import { once, type EventEmitter } from 'node:events';
import { Agent } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Server } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import { describe } from 'vitest';
import { Leases, leasedPathsApp } from './leased-paths.app.js';
import { servings } from './servings.js';

const address = '127.0.0.1';
const otherAddress = '127.0.0.2';

/** Resolves when the server has begun to let the client in. */
async function clientThatAsks(url: string, leases: Leases): Promise<Client> {
  const asked = leases.next('asked');
  const client = io(url, { path: '/ws', transports: ['websocket'], forceNew: true, reconnection: false });
  await asked;
  return client;
}

function outcomeOf(client: Client): Promise<string> {
  return new Promise((resolve) => {
    client.once('connect', () => resolve('connected'));
    client.once('connect_error', ({ message }) => resolve(message));
  });
}

/** Resolves when the connections that a server has now are closed. */
async function connectionsGone({ engine }: Server): Promise<void> {
  const { clients } = engine as unknown as { clients: Record<string, EventEmitter> };
  await Promise.all(Object.values(clients).map((connection) => once(connection, 'close')));
}

describe.each(servings)('an app whose gateways have paths and leases, on %s', (_kind, imports) => {
  const test = realtimeTest(leasedPathsApp(imports));
  const customer = { path: '/ws' };
  const kitchen = { path: '/kitchen' };

  for (const transport of ['websocket', 'polling'] as const) {
    const transports = [transport];

    test(`each gateway answers on its own path: ${transport}`, async ({ connect }) => {
      const alice = await connect({ ...customer, transports });
      const cook = await connect({ ...kitchen, transports });
      await expect(alice.emitWithAck('order', 'soup')).toBeAcked('soup is ordered');
      await expect(cook.emitWithAck('order', 'soup')).toBeAcked('soup is being cooked');
    });

    test(`a client without a lease is refused with the reason: ${transport}`, async ({ app, connect }) => {
      await connect(2, { ...customer, transports });
      await expect(connect({ ...customer, transports })).toBeRefused('too many connections', {
        data: { limit: 2 },
      });
      expect(app.get(Leases).heldBy(address)).toBe(2);
    });

    test(`a client that leaves frees its lease for the next client: ${transport}`, async ({ app, connect }) => {
      const [alice] = await connect(2, { ...customer, transports });
      await alice.disconnect();
      expect(app.get(Leases).heldBy(address)).toBe(1);
      const bob = await connect({ ...customer, transports });
      await expect(bob.emitWithAck('order', 'tea')).toBeAcked('tea is ordered');
    });
  }

  test('the leases of an address apply to all paths together', async ({ connect }) => {
    await connect(customer);
    await connect(kitchen);
    for (const path of [customer, kitchen]) await expect(connect(path)).toBeRefused('too many connections');
  });

  test('each address has its own leases', async ({ app, connect }) => {
    await connect(2, customer);
    const agent = new Agent({ localAddress: otherAddress }) as unknown as string;
    const bob = await connect({ ...customer, agent });
    await expect(bob.emitWithAck('order', 'tea')).toBeAcked('tea is ordered');
    expect(app.get(Leases).heldBy(otherAddress)).toBe(1);
  });

  test('of several clients that connect at once, as many connect as there are leases', async ({ app }) => {
    const leases = app.get(Leases);
    const open = leases.close();
    const clients: Client[] = [];
    for (let count = 0; count < 5; count += 1) clients.push(await clientThatAsks(app.url, leases));
    const outcomes = clients.map(outcomeOf);
    open();
    const refused = 'too many connections';
    expect((await Promise.all(outcomes)).toSorted()).toEqual(['connected', 'connected', refused, refused, refused]);
    for (const client of clients) client.disconnect();
    while (leases.heldBy(address) > 0) await leases.next('given back');
  });

  test('a client that hangs up while it waits for a lease takes no lease', async ({ app, connect }) => {
    const leases = app.get(Leases);
    const open = leases.close();
    const hasty = await clientThatAsks(app.url, leases);
    const isGone = connectionsGone(app.serverOf(0, customer.path));
    hasty.disconnect();
    await isGone;
    const givenBack = leases.next('given back');
    open();
    await givenBack;
    expect(leases.heldBy(address)).toBe(0);
    await connect(2, customer);
  });

  test('a gateway receives the reason of a disconnect', async ({ app, connect }) => {
    const alice = await connect(customer);
    await alice.disconnect();
    expect(app.get(Leases).reasons).toEqual(['client namespace disconnect']);
  });

  describe('when the app is closed with a client on every path', () => {
    async function leasesOfClosedApp(): Promise<Leases> {
      const app = await NestFactory.create(leasedPathsApp(imports), { logger: false });
      await app.listen(0, '127.0.0.1');
      const url = await app.getUrl();
      const clients = [customer, kitchen].map((path) => io(url, { ...path, forceNew: true, reconnection: false }));
      const left = clients.map((client) => new Promise((resolve) => client.once('disconnect', resolve)));
      expect(await Promise.all(clients.map(outcomeOf))).toEqual(['connected', 'connected']);
      const leases = app.get(Leases);
      expect(leases.heldBy(address)).toBe(2);
      await app.close();
      await Promise.all(left);
      return leases;
    }

    test('all leases are returned', async () => {
      const leases = await leasesOfClosedApp();
      expect(leases.heldBy(address)).toBe(0);
    });

    test('the gateways receive "server shutting down" as the disconnect reason', async () => {
      const { reasons } = await leasesOfClosedApp();
      expect(reasons).toEqual(['server shutting down', 'server shutting down']);
    });
  });

  for (const path of ['elsewhere', 'socket.io']) {
    test(`a path that no gateway declares answers 404: /${path}`, async ({ app }) => {
      const { status } = await fetch(`${app.url}/${path}/?EIO=4&transport=polling`);
      expect(status).toBe(404);
    });
  }
});
