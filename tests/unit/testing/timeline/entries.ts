import type { Happening, TimelineEntry } from 'nest-realtime-kit/testing';

type Cause = TimelineEntry['cause'];

/** What an app would have told, without an app: entries with the `seq` and the time that their position gives. */
export function entriesOf(...happenings: (Happening & { node?: number; cause?: Cause })[]): readonly TimelineEntry[] {
  return happenings.map((happening, index) => ({ ...happening, seq: index + 1, at: index }));
}

export const connected = (client: string): Happening => ({
  kind: 'connected',
  client,
  id: `id-of-${client}`,
  namespace: '/',
  transport: 'websocket',
});

export const sent = (client: string, event: string, ...args: unknown[]): Happening => ({
  kind: 'sent',
  client,
  namespace: '/',
  event,
  args,
  asksAck: false,
});

export const received = (client: string, event: string, ...args: unknown[]): Happening => ({
  kind: 'received',
  client,
  namespace: '/',
  event,
  args,
  asksAck: false,
});

type Stated = Extract<Happening, { kind: 'stated' }>;

export const stated = (
  what: string,
  holds: boolean,
  { client, contradiction }: Pick<Stated, 'client' | 'contradiction'> = {},
): Happening => ({ kind: 'stated', what, holds, client, contradiction });

export const logged = (level: 'log' | 'error', text: string, context = 'ChatGateway'): Happening => ({
  kind: 'logged',
  level,
  context,
  text,
  params: [],
});
