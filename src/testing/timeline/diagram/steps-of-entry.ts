import { kindOf, severityOf, timesOf, type TimelineEntry } from '../entry.js';
import { SURELY_WRONG } from '../kinds/kind.js';
import { clientOf, contradictionOf } from '../text.js';
import type { Arrow, Lane, Step } from './step.js';

/** The lanes of clients and servers. */
export interface Lanes {
  of(client: string): Lane;
  /** Whether any entry is about this client. */
  knows(client: string): boolean;
  server(entry: TimelineEntry): Lane;
}

const UNWANTED = 4;
const REDIS: Lane = { kind: 'redis' };

/** The steps that show one entry. @param isUnwanted whether an assertion says that it should not have come */
export function stepsOf(entry: TimelineEntry, lanes: Lanes, isUnwanted: boolean): readonly Step[] {
  const kind = kindOf(entry);
  const severity = isUnwanted ? UNWANTED : severityOf(entry);
  const owner = clientOf(entry) ?? entry.cause?.client;
  const isOfCrowd = severity === 0 && owner !== undefined && lanes.of(owner).kind === 'others';
  const gist = isOfCrowd ? (kind.gist?.(entry) ?? entry.kind) : undefined;
  const mark = isUnwanted || severity >= SURELY_WRONG ? '✗ ' : '';
  const drawing = kind.drawing?.(entry, mark) ?? { over: 'server' as const, text: kind.sentence(entry) };
  const text = `${drawing.text}${timesOf(entry)}`;
  const drawn = { severity, entries: 1, gist, text, farewell: drawing.farewell };

  const server = lanes.server(entry);
  const name = clientOf(entry);
  const client = name === undefined ? server : lanes.of(name);
  const missing = missingArrows(entry, lanes);
  if ('over' in drawing)
    return [...missing, { kind: 'note', over: { client, server, redis: REDIS }[drawing.over], ...drawn }];
  const [from, to] = drawing.by === 'client' ? [client, server] : [server, client];
  return [...missing, { kind: 'arrow', style: drawing.style ?? 'plain', from, to, ...drawn }];
}

/** Arrows that do not arrive, for the event that clients should have received. */
function missingArrows(entry: TimelineEntry, lanes: Lanes): readonly Arrow[] {
  const { event, missing = [] } = contradictionOf(entry) ?? {};
  const common = { kind: 'arrow', style: 'missing', from: lanes.server(entry), entries: 0 } as const;
  return missing
    .filter((client) => lanes.knows(client))
    .map((client) => ({ ...common, to: lanes.of(client), text: `✗ missing: ${event}`, severity: severityOf(entry) }));
}
