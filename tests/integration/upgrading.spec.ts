import { Test } from '@nestjs/testing';
import { EventsGateway, WebsocketModule } from 'nest-realtime-kit';
import { afterEach, expect, test, vi } from 'vitest';
import { Endpoint } from './support/protocol/endpoint.js';
import { PollingSession } from './support/protocol/polling-session.js';
import { RawSocket } from './support/protocol/raw-socket.js';

/** A packet that says nothing, upon which a client upgrades. */
const NOOP = { status: 200, body: '6' };

afterEach(() => void vi.useRealTimers());

test.each([
  ['polls', 1],
  ['polls, and polls again during its probe,', 2],
])('a client that %s upgrades without waiting for the interval of Engine.IO', async (_, polls) => {
  const module = await Test.createTestingModule({ imports: [WebsocketModule.forRoot()] }).compile();
  const nest = module.createNestApplication();
  await nest.listen(0, '127.0.0.1');
  try {
    const endpoint = new Endpoint({ nest, url: await nest.getUrl(), io: nest.get(EventsGateway).server });
    const session = await PollingSession.open(endpoint);
    const { reply } = await session.pollInBackground();
    await using socket = await RawSocket.connect(endpoint.webSocketUrl({ sid: session.sid }));
    // By this interval, which never comes.
    vi.useFakeTimers({ toFake: ['setInterval'] });
    socket.send('2probe');
    expect(await socket.next()).toBe('3probe');
    const replies = [await reply];
    while (replies.length < polls) replies.push(await session.poll());
    expect(replies).toEqual(Array.from({ length: polls }, () => NOOP));
    socket.send('5', '40');
    expect(await socket.next()).toMatch(/^40/);
  } finally {
    await nest.close();
  }
});
