import { describe, expect } from 'vitest';
import type { Reply } from './endpoint.js';
import { PollingSession } from './polling-session.js';
import { protocolCase } from './protocol-case.js';
import { HEARTBEAT, MAX_PAYLOAD, type ProtocolServers } from './protocol-servers.js';
import { RawSocket } from './raw-socket.js';

/** What the brisk server opens a session with, beside its id. */
const TERMS = { ...HEARTBEAT, maxPayload: MAX_PAYLOAD };

/**
 * The cases of Engine.IO's protocol that go for every server, whatever is spoken above it.
 *
 * @param exchange sends something and gets the answer, to see that a connection is alive
 */
export function engineIoCases(servers: ProtocolServers, exchange: (socket: RawSocket) => Promise<void>): void {
  const statusOf = async (reply: Promise<Reply>): Promise<number> => (await reply).status;

  describe('handshake by HTTP long-polling', () => {
    protocolCase('opens a session', async () => {
      const { status, body } = await servers.brisk.request({ transport: 'polling' });
      expect(status).toBe(200);
      expect(body[0]).toBe('0');
      expect(JSON.parse(body.slice(1))).toEqual({
        ...TERMS,
        sid: expect.any(String),
        upgrades: ['websocket'],
      });
    });

    protocolCase('refuses another version of the protocol', async () => {
      for (const EIO of ['', 'abc']) {
        expect(await statusOf(servers.calm.request({ EIO, transport: 'polling' }))).toBe(400);
      }
    });

    protocolCase('refuses a transport that there is not', async () => {
      expect(await statusOf(servers.calm.request({}))).toBe(400);
      expect(await statusOf(servers.calm.request({ transport: 'abc' }))).toBe(400);
    });

    protocolCase('refuses another method than GET', async () => {
      for (const method of ['POST', 'PUT']) {
        expect(await statusOf(servers.calm.request({ transport: 'polling' }, { method }))).toBe(400);
      }
    });
  });

  describe('handshake by WebSocket', () => {
    protocolCase('opens a session', async () => {
      await using socket = await RawSocket.connect(servers.brisk.webSocketUrl({}));
      const packet = await socket.next();
      expect(packet[0]).toBe('0');
      expect(JSON.parse(packet.slice(1) as string)).toEqual({
        ...TERMS,
        sid: expect.any(String),
        upgrades: [],
      });
    });

    protocolCase('refuses another version of the protocol', async () => {
      for (const EIO of ['', 'abc']) {
        expect(await RawSocket.attempt(servers.calm.webSocketUrl({ EIO }))).toEqual([]);
      }
    });

    protocolCase('refuses a transport that there is not', async () => {
      for (const transport of ['', 'abc']) {
        expect(await RawSocket.attempt(servers.calm.webSocketUrl({ transport }))).toEqual([]);
      }
    });
  });

  describe.concurrent('heartbeat', () => {
    protocolCase('pings a client that polls and answers, again and again', async () => {
      const session = await PollingSession.open(servers.brisk);
      for (let beat = 0; beat < 3; beat += 1) {
        expect(await session.poll()).toEqual({ status: 200, body: '2' });
        expect(await session.post('3')).toEqual({ status: 200, body: 'ok' });
      }
    });

    protocolCase('closes the session of one that polls and does not answer in time', async () => {
      const session = await PollingSession.open(servers.brisk);
      const closing = servers.brisk.closing(session.sid);
      expect(await session.poll()).toEqual({ status: 200, body: '2' });
      expect(await closing).toBe('ping timeout');
      expect(await statusOf(session.poll())).toBe(400);
    });

    protocolCase('pings a client on a WebSocket that answers, again and again', async () => {
      await using socket = await RawSocket.open(servers.brisk.webSocketUrl({}), { answersPings: false });
      for (let beat = 0; beat < 3; beat += 1) {
        expect(await socket.next()).toBe('2');
        socket.send('3');
      }
    });

    protocolCase('closes the session of one on a WebSocket that does not answer in time', async () => {
      await using socket = await RawSocket.open(servers.brisk.webSocketUrl({}), { answersPings: false });
      const closing = servers.brisk.closing(socket.sid);
      expect(await socket.next()).toBe('2');
      expect(await closing).toBe('ping timeout');
      await socket.closed;
    });

    // Engine.IO takes no notice of the packet itself; whoever sends it has no more to say, not even a pong.
    protocolCase('closes the session of one on a WebSocket that has sent a close packet', async () => {
      await using socket = await RawSocket.open(servers.brisk.webSocketUrl({}), { answersPings: false });
      socket.send('1');
      await socket.closed;
    });
  });

  describe('close', () => {
    protocolCase('ends a session by HTTP long-polling', async () => {
      const session = await PollingSession.open(servers.calm);
      const { reply } = await session.pollInBackground();
      expect(await session.post('1')).toEqual({ status: 200, body: 'ok' });
      expect(await reply).toEqual({ status: 200, body: '6' });
      expect(await statusOf(session.poll())).toBe(400);
    });
  });

  describe('upgrade', () => {
    protocolCase('goes from HTTP long-polling to WebSocket', async () => {
      const session = await PollingSession.open(servers.calm);
      await using socket = await RawSocket.connect(servers.calm.webSocketUrl({ sid: session.sid }));
      socket.send('2probe');
      expect(await socket.next()).toBe('3probe');
      expect(await session.poll()).toEqual({ status: 200, body: '6' });
      socket.send('5');
      await exchange(socket);
    });

    async function upgraded(): Promise<{ session: PollingSession; socket: RawSocket }> {
      const session = await PollingSession.open(servers.calm);
      const socket = await RawSocket.connect(servers.calm.webSocketUrl({ sid: session.sid }));
      socket.send('2probe');
      await socket.next();
      socket.send('5');
      await exchange(socket);
      return { session, socket };
    }

    protocolCase('leaves nothing to poll', async () => {
      const { session, socket } = await upgraded();
      await using _ = socket;
      expect(await statusOf(session.poll())).toBe(400);
      await exchange(socket);
    });

    protocolCase('is for one WebSocket only', async () => {
      const { session, socket } = await upgraded();
      await using _ = socket;
      await using other = await RawSocket.connect(servers.calm.webSocketUrl({ sid: session.sid }));
      await other.closed;
      await exchange(socket);
    });
  });
}
