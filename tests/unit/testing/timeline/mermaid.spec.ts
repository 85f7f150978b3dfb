import { expect, test } from 'vitest';
import { toMermaid } from '../../../../src/testing/timeline/mermaid.js';
import { connected, entriesOf, logged, received, sent, stated } from './entries.js';

/** The diagram's lines without its first. */
function linesOf(...happenings: Parameters<typeof entriesOf>): string[] {
  return toMermaid(entriesOf(...happenings), 0)
    .split('\n')
    .slice(1);
}

test('toMermaid() shows the clients, the events and the failure', () => {
  const diagram = toMermaid(
    entriesOf(
      logged('log', 'ChatModule dependencies initialized', 'InstanceLoader'),
      connected('alice'),
      connected('bob'),
      connected('carol'),
      { kind: 'joined', client: 'bob', namespace: '/', room: 'lobby' },
      sent('alice', 'say', 'hi', { to: 'lobby' }),
      received('bob', 'said', 'hi'),
      { kind: 'acked', client: 'alice', namespace: '/', by: 'server', event: 'say', args: ['ok'], to: 6 },
      stated(`bob to receive "said" ('hi')`, true, { client: 'bob' }),
      received('carol', 'said', 'hi'),
      stated('carol not to receive "said"', false, {
        client: 'carol',
        contradiction: { event: '"said"', unwanted: [10], missing: [] },
      }),
      { kind: 'acted', client: 'alice', what: 'alice leaves' },
      { kind: 'disconnected', client: 'alice', end: 'client', reason: 'io client disconnect' },
    ),
    0,
  );
  expect(diagram).toBe(`sequenceDiagram
  participant p1 as alice
  participant p2 as server
  participant p3 as bob
  participant p4 as carol
  p1->>p2: connects by websocket
  p3->>p2: connects by websocket
  p4->>p2: connects by websocket
  Note over p2: bob joined room 'lobby'
  p1->>p2: "say" ('hi', { to: 'lobby' })
  p2->>p3: "said" ('hi')
  p2-->>p1: ack of "say" ('ok')
  Note over p3: ✓ bob to receive "said" ('hi')
  rect rgba(255, 60, 60, 0.22)
    p2->>p4: ✗ "said" ('hi')
    Note over p4: ✗ Expected carol not to receive "said"
  end
  Note over p1,p4: then the clients leave (1 entry)`);
});

test('toMermaid() draws a missing event as an arrow that does not arrive', () => {
  const contradiction = { event: `"said" ('hi')`, unwanted: [], missing: ['bob'] };
  const statement = stated(`bob to receive "said" ('hi')`, false, { client: 'bob', contradiction });
  expect(linesOf(connected('bob'), statement)).toEqual([
    '  participant p1 as bob',
    '  participant p2 as server',
    '  p1->>p2: connects by websocket',
    '  rect rgba(255, 60, 60, 0.22)',
    `    p2--xp1: ✗ missing: "said" ('hi')`,
    `    Note over p1: ✗ Expected bob to receive "said" ('hi')`,
    '  end',
  ]);
});

test('toMermaid() marks the clients of an audience that received too much or too little', () => {
  const lines = linesOf(
    connected('alice'),
    connected('bob'),
    connected('carol'),
    received('alice', 'said', 'hi'),
    received('carol', 'said', 'hi'),
    stated(`room 'lobby' (alice, bob), and nobody else, to receive "said" ('hi')`, false, {
      contradiction: { event: `"said" ('hi')`, unwanted: [5], missing: ['bob'] },
    }),
  );
  expect(lines.slice(-6)).toEqual([
    `  p2->>p1: "said" ('hi')`,
    '  rect rgba(255, 60, 60, 0.22)',
    `    p2->>p4: ✗ "said" ('hi')`,
    `    p2--xp3: ✗ missing: "said" ('hi')`,
    `    Note over p2: ✗ Expected room 'lobby' (alice, bob), and nobody<br/>else, to receive "said" ('hi')`,
    '  end',
  ]);
});

test('toMermaid() tints server errors, failed hooks, refusals, exceptions and error acks', () => {
  const acked = (...args: unknown[]) =>
    ({ kind: 'acked', client: 'bob', namespace: '/', by: 'server', event: 'say', args, to: 1 }) as const;
  const lines = linesOf(
    connected('bob'),
    logged('error', 'Error: no'),
    { kind: 'failed', client: 'bob', what: 'handleConnection', text: 'ChatGateway.handleConnection failed' },
    received('bob', 'exception', { status: 'error' }),
    acked({ status: 'error' }),
    { kind: 'refused', client: 'mallory', stage: 'namespace', reason: 'banned' },
    acked({ status: 'done' }),
  );
  expect(lines.slice(-10)).toEqual([
    '  rect rgba(255, 60, 60, 0.22)',
    '    Note over p2: ✗ error [ChatGateway] Error: no',
    '    Note over p1: ✗ ChatGateway.handleConnection failed',
    '  end',
    '  rect rgba(255, 170, 0, 0.18)',
    `    p2->>p1: "exception" ({ status: 'error' })`,
    `    p2-->>p1: ack of "say" ({ status: 'error' })`,
    '    p2-xp3: ✗ refused by the namespace: banned',
    '  end',
    `  p2-->>p1: ack of "say" ({ status: 'done' })`,
  ]);
});

test('toMermaid() shows a disconnect once, from the end that caused it', () => {
  const lines = linesOf(
    connected('alice'),
    connected('bob'),
    { kind: 'disconnected', client: 'alice', end: 'server', reason: 'server namespace disconnect' },
    { kind: 'disconnected', client: 'alice', end: 'client', reason: 'io server disconnect' },
    { kind: 'disconnected', client: 'bob', end: 'server', reason: 'transport close' },
  );
  expect(lines.slice(-2)).toEqual([
    '  p2-xp1: disconnects: server namespace disconnect',
    '  p3-xp2: disconnects: transport close',
  ]);
});

test('toMermaid() draws an event from another node of a cluster through Redis', () => {
  const cause = { client: 'alice', event: 'say' };
  const lines = linesOf(
    { ...connected('alice'), node: 0 },
    { ...connected('bob'), node: 1 },
    { ...connected('carol'), node: 1 },
    { ...sent('alice', 'say', 'hi'), node: 0 },
    { ...received('alice', 'said', 'hi'), node: 0, cause },
    { ...received('bob', 'said', 'hi'), node: 1 },
    { ...received('carol', 'said', 'hi'), node: 1 },
  );
  expect(lines).toEqual([
    '  participant p1 as alice',
    '  participant p2 as node 0',
    '  participant p3 as Redis',
    '  participant p4 as node 1',
    '  participant p5 as bob',
    '  participant p6 as carol',
    '  p1->>p2: connects by websocket',
    '  p5->>p4: connects by websocket',
    '  p6->>p4: connects by websocket',
    `  p1->>p2: "say" ('hi')`,
    `  p2->>p1: "said" ('hi')`,
    `  p2->>p3: "said" ('hi')`,
    `  p3->>p4: "said" ('hi')`,
    `  p4->>p5: "said" ('hi')`,
    `  p4->>p6: "said" ('hi')`,
  ]);
});

test('toMermaid() draws the clients to which something else happened, and groups the others', () => {
  const names = Array.from({ length: 20 }, (_, index) => `client-${index + 1}`);
  const cause = { client: 'client-3', event: 'say' };
  const lines = linesOf(
    ...names.map(connected),
    sent('client-3', 'say', 'hi'),
    ...names.slice(0, 19).map((name) => ({ ...received(name, 'said', 'hi'), cause })),
    stated('client-20 to receive "said"', false, {
      client: 'client-20',
      contradiction: { event: '"said"', unwanted: [], missing: ['client-20'] },
    }),
  );
  expect(lines).toEqual([
    '  participant p1 as client-3',
    '  participant p2 as server',
    '  participant p3 as client-20',
    '  participant p4 as 18 other clients',
    '  p4->>p2: connects by websocket ×2',
    '  p1->>p2: connects by websocket',
    '  p4->>p2: connects by websocket ×16',
    '  p3->>p2: connects by websocket',
    `  p1->>p2: "say" ('hi')`,
    `  p2->>p4: "said" ('hi') ×18`,
    `  p2->>p1: "said" ('hi')`,
    '  rect rgba(255, 60, 60, 0.22)',
    '    p2--xp3: ✗ missing: "said"',
    '    Note over p3: ✗ Expected client-20 to receive "said"',
    '  end',
  ]);
});

test('toMermaid() cuts a long diagram around the failure, and says how much is left out', () => {
  const many = Array.from({ length: 200 }, (_, index) => sent('bob', 'say', index));
  const lines = toMermaid(entriesOf(connected('bob'), ...many, stated('the app to log /x/', false), ...many), 70).split(
    '\n',
  );
  expect(lines).toHaveLength(1 + 2 + 1 + 1 + 60 + 2 + 1);
  expect(lines.slice(3, 6)).toEqual([
    '  Note over p1,p2: … 70 entries before, no longer kept',
    '  Note over p1,p2: … 161 entries before, left out',
    '  p1->>p2: "say" (160)',
  ]);
  expect(lines).toContain('    Note over p2: ✗ Expected the app to log /x/');
  expect(lines.at(-1)).toBe('  Note over p1,p2: … 181 entries after, left out');
});

test('toMermaid() draws an empty timeline', () => {
  expect(toMermaid([], 0)).toBe('sequenceDiagram\n  participant p1 as server\n  Note over p1: nothing happened');
});
