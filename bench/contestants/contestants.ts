/** Who is measured, each in a process of its own. `again` is `bare` a second time: what it differs by is the bench's error. */
export const contestants = {
  bare: { title: 'bare Socket.IO', wire: 'socket.io' },
  again: { title: 'bare Socket.IO, once more', wire: 'socket.io' },
  nest: { title: 'plain Nest', wire: 'socket.io' },
  kit: { title: 'the kit without limits', wire: 'socket.io' },
  'kit-defaults': { title: 'the kit with limits and authentication', wire: 'socket.io' },
  ws: { title: 'ws, the floor', wire: 'ws' },
} as const;

/** Several processes that are one app. */
export const teams = {
  'kit-cluster': { title: 'the kit, two workers of a cluster', servers: 1 },
  'kit-redis': { title: 'the kit, two processes on Redis', servers: 2 },
} as const;

export type ContestantName = keyof typeof contestants;
export type TeamName = keyof typeof teams;

/** What is spoken over the WebSocket: Socket.IO's protocol, or nothing beside the message itself. */
export type Wire = 'socket.io' | 'ws';

export const contestantNames = Object.keys(contestants) as ContestantName[];

/** The contestants that have guards, pipes and a number of handlers. */
export const onSocketIo = contestantNames.filter((name) => contestants[name].wire === 'socket.io');

/** How a contestant is called in tables; those that are no server, in the benches of the harness, by their names. */
export function titleOf(name: string): string {
  const known: Record<string, { title: string } | undefined> = { ...contestants, ...teams };
  return known[name]?.title ?? name;
}
