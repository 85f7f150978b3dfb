import { Logger } from '@nestjs/common';
import {
  startTestApp,
  startTestCluster,
  assertThat,
  type TestApp,
  type TestClient,
  type TestAppOptions,
  type TestCluster,
  type Timeline,
} from 'nest-realtime-kit/testing';
import { expect } from 'vitest';
import { ChatModule } from './support/chat.js';
import { withChromium } from './support/chromium.js';
import { test as base } from './support/redis.js';
import { withMermaid } from './support/mermaid.js';

const test = withMermaid(withChromium(base));

/** For a statement that waits in vain. */
const SHORT = { timeout: 500 };

/** What a test of an app leaves behind, whether it failed or not. */
async function timelineOf(
  scenario: (app: TestApp) => Promise<unknown>,
  options: TestAppOptions = {},
): Promise<Timeline> {
  const app = await startTestApp(ChatModule, options);
  await scenario(app).catch(() => {});
  await app.close().catch(() => {});
  return app.timeline;
}

async function inLobby(app: Pick<TestApp, 'connect'> | Pick<TestCluster, 'connect'>, names: string[]) {
  const clients = await Promise.all(names.map((name) => (app as TestApp).connect({ name })));
  await Promise.all(clients.map((client) => client.emitWithAck('join', 'lobby')));
  return clients;
}

test('a diagram of a passing scenario has no failure mark', async ({ draw }) => {
  const timeline = await timelineOf(async (app) => {
    const [alice, bob, carol] = await inLobby(app, ['alice', 'bob', 'carol']);
    alice!.emit('say', 'hi');
    await assertThat(bob).toReceive('said', 'hi');
    await assertThat(bob).not.toReceive('said');
    await assertThat(carol).toReceive('said', 'hi');
    await assertThat(alice).not.toReceive('said');
  });
  const text = await draw(timeline.toMermaid());
  expect(text).toContain('alice');
  expect(text).toContain(`"said" ('hi')`);
  expect(text).toContain(`✓ alice not to receive "said"`);
  expect(text).not.toContain('✗');
});

test('a diagram marks an event that the wrong client received', async ({ draw }) => {
  const timeline = await timelineOf(async (app) => {
    const [alice, bob] = await inLobby(app, ['alice', 'bob']);
    await app.connect({ name: 'carol' });
    alice!.emit('announce', 'hi');
    await assertThat([alice!, bob!]).toBeAllWhoReceive('announced', 'hi');
  });
  const text = await draw(timeline.toMermaid());
  expect(text).toContain('carol');
  expect(text).toContain(`✗ "announced" ('hi')`);
  expect(text).toContain(`✗ Expected alice and bob, and nobody else, to receive`);
});

test('a diagram shows an error of the server and the missing event', async ({ draw }) => {
  const timeline = await timelineOf(async (app) => {
    const [, bob] = await inLobby(app, ['alice', 'bob']);
    bob!.emit('throw');
    await assertThat(bob).toReceive('said', 'hi');
  }, SHORT);
  const text = await draw(timeline.toMermaid());
  expect(text).toContain('✗ error [WsExceptionsHandler] ChatGateway.throw failed on "throw" of client ');
  expect(text).toContain(`✗ missing: "said" ('hi')`);
  expect(text).toContain(`✗ Expected bob to receive "said" ('hi')`);
});

test('a diagram marks an event received too often, and a missing event of a client whose name contains "and"', async ({
  draw,
}) => {
  const timeline = await timelineOf(async (app) => {
    const [alice, both] = await inLobby(app, ['alice', 'tom and jerry']);
    alice!.emit('say', 'hi');
    alice!.emit('say', 'hi');
    await assertThat(both)
      .toReceiveTimes(1, 'said', 'hi')
      .catch(() => {});
    await assertThat([alice!, both!]).toBeAllWhoReceive('announced');
  }, SHORT);
  const diagram = timeline.toMermaid();
  expect(diagram.match(/✗ "said" \('hi'\)/g)).toHaveLength(1);
  expect(diagram.match(/✗ missing: "announced"/g)).toHaveLength(2);
  expect(diagram).not.toContain('✗ missing: "said"');
  expect(await draw(diagram)).toContain('tom and jerry');
});

test('a diagram marks the events that a failed negative assertion denies, and no missing event', async () => {
  const denials: Record<string, (clients: TestClient[]) => Promise<void>> = {
    said: async ([, bob]) => assertThat(bob!).not.toReceive('said', 'hi'),
    'once said': async ([, bob]) => assertThat(bob!).not.toReceiveTimes(1, 'said', 'hi'),
    'said, and nothing else': async ([, bob]) => {
      await bob!.next('welcome');
      await assertThat(bob!).not.toReceiveExactly(['said', 'hi']);
    },
    'said in order': async ([, bob]) => assertThat(bob!).not.toReceiveInOrder(['said', 'hi']),
    'said to bob alone': async ([, bob]) => assertThat([bob!]).not.toBeAllWhoReceive('said', 'hi'),
  };
  const marked: Record<string, unknown> = {};
  for (const [what, deny] of Object.entries(denials)) {
    const timeline = await timelineOf(async (app) => {
      const clients = await inLobby(app, ['alice', 'bob']);
      clients[0]!.emit('say', 'hi');
      await deny(clients);
    }, SHORT);
    marked[what] = timeline.toMermaid().match(/✗ (?:missing|"said" \('hi'\))/g);
  }
  expect(marked).toEqual(Object.fromEntries(Object.keys(denials).map((what) => [what, [`✗ "said" ('hi')`]])));
});

test('a diagram marks no event for a negative assertion about a disconnected client', async ({ draw }) => {
  const timeline = await timelineOf(async (app) => {
    const [alice, bob] = await inLobby(app, ['alice', 'bob']);
    alice!.emit('say', 'hi');
    await app.settle();
    await bob!.disconnect();
    await assertThat(bob).not.toReceiveTimes(2, 'said', 'hi');
  }, SHORT);
  const diagram = await draw(timeline.toMermaid());
  expect(diagram).toContain('✗ Expected bob not to receive');
  expect(diagram).not.toMatch(/✗ missing|✗ "said"/);
});

test('a diagram shows a refused client with the reason', async ({ draw }) => {
  const timeline = await timelineOf(async (app) => {
    await app.connect({ name: 'alice' });
    await app.connect({ name: 'mallory', namespace: 'nowhere' });
  });
  const text = await draw(timeline.toMermaid());
  expect(text).toContain('mallory');
  expect(text).toContain('✗ refused by the namespace: Invalid namespace');
});

test('a diagram shows a client that disconnects in the middle', async ({ draw }) => {
  const timeline = await timelineOf(async (app) => {
    const [alice, bob] = await inLobby(app, ['alice', 'bob']);
    app.io.sockets.sockets.get(bob!.id)!.disconnect(true);
    await assertThat(bob).toBeDisconnected();
    alice!.emit('say', 'are you there?');
    await assertThat(bob).toReceive('said', 'are you there?');
  });
  const text = await draw(timeline.toMermaid());
  expect(text).toMatch(/disconnects: (server namespace|io server) disconnect/);
  expect(text).toContain(`✗ Expected bob to receive "said" ('are you there?')`);
});

test('a diagram groups many clients, and shows the one that missed an event', async ({ draw }) => {
  const timeline = await timelineOf(async (app) => {
    const clients = await app.connect(30);
    await Promise.all(clients.slice(0, 29).map((client) => client.emitWithAck('join', 'lobby')));
    clients[3].emit('say', 'hello to all');
    await app.settle();
    await assertThat(clients.filter((client) => client !== clients[3])).toBeAllWhoReceive('said', 'hello to all');
  }, SHORT);
  const text = await draw(timeline.toMermaid());
  expect(text).toContain('28 other clients');
  expect(text).toContain(`"said" ('hello to all') ×28`);
  expect(text).toContain('client-30');
  expect(text).toContain(`✗ missing: "said" ('hello to all')`);
});

test('a long diagram is cut around the failure', async ({ draw }) => {
  const timeline = await timelineOf(async (app) => {
    const [alice, bob] = await inLobby(app, ['alice', 'bob']);
    for (let round = 0; round < 100; round += 1) {
      alice!.emit('say', `message ${round}`);
      await assertThat(bob).toReceive('said', `message ${round}`);
    }
    alice!.emit('say', 'one too many');
    await assertThat(bob)
      .not.toReceive('said')
      .catch(() => {});
    for (let round = 0; round < 100; round += 1) {
      alice!.emit('say', `message ${round}`);
      await assertThat(bob).toReceive('said', `message ${round}`);
    }
  });
  const text = await draw(timeline.toMermaid());
  expect(text).toMatch(/… \d+ entries before, left out/);
  expect(text).toMatch(/… \d+ entries after, left out/);
});

const NASTY = [
  'plain',
  '',
  ' ',
  'a;b;',
  '#',
  '#35;',
  '#quot;',
  ':',
  '::wrap: x',
  'wrap: x',
  'nowrap: x',
  'style a:b#c;d;',
  'classDef x:y#z;',
  '%%',
  '%%{init: {"theme": "dark"}}%%',
  '%% a comment',
  'end',
  'End',
  'loop x',
  'rect rgb(0,0,0)',
  'Note over p1: x',
  'p1->>p2: x',
  '<br>',
  '<br/>',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '&lt;b&gt;',
  '&amp;',
  'x & y',
  '```',
  '````mermaid',
  '~~~',
  '---',
  '{ } [ ] ( )',
  '@{ "type": "actor" }',
  '$$x^2$$',
  'back\\slash\\n',
  'two\nlines\r\nthree',
  '\u0000\u0007\u001b[31m',
  '\u202eright to left\u202c',
  '\ud83d',
  '👩‍👩‍👧 café Ω 日本語 ᚠ',
  'ﬂ°°60¶ß ﬂ°lt¶ß',
  '"double" \'single\' `back`',
  '-x --x ->> -->>',
  ', comma, comma',
  'title: x',
  'accDescr { x }',
  'x'.repeat(5_000),
  'word '.repeat(500),
];

test('a diagram renders any characters in names, events, payloads and texts', { timeout: 60_000 }, async ({ draw }) => {
  for (const nasty of NASTY) {
    const timeline = await timelineOf(async (app) => {
      const client = await app.connect({ name: nasty });
      app.io.emit(nasty, nasty, { [nasty]: nasty });
      new Logger('Nasty').log(nasty);
      await app.settle();
      await assertThat(client).not.toReceive(nasty);
    });
    const text = squeezed(await draw(timeline.toMermaid()));
    expect(text).toContain(squeezed('✗ Expected'));
    // oxlint-disable-next-line no-control-regex -- these are made visible
    if (nasty.length < 40 && !/[\u0000-\u001f\u202a-\u202e\ud83d]/.test(nasty)) {
      expect(text).toContain(squeezed(`log [Nasty] ${nasty}`));
    }
  }
});

function squeezed(text: string): string {
  return text.replaceAll(/\s/g, '');
}

test('a diagram of a cluster shows its nodes and Redis', { timeout: 30_000 }, async ({ draw, redisUrl }) => {
  const cluster = await startTestCluster(ChatModule, { redis: { url: redisUrl } });
  const [alice] = await inLobby(cluster, ['alice', 'bob', 'carol', 'dave']);
  alice!.emit('say', 'hi');
  await cluster.settle();
  alice!.emit('announce', 'to everybody');
  await cluster.settle();
  await cluster.close();
  const text = await draw(cluster.timeline.toMermaid());
  for (const name of ['alice', 'node 0', 'Redis', 'node 1', 'dave']) expect(text).toContain(name);
});
