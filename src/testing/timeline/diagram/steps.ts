import { format, showEvent } from '../../report/format.js';
import type { TimelineEntry } from '../entry.js';
import { SURELY_WRONG, severityOf } from '../severity.js';
import { clientOf, sentenceOf } from '../text.js';
import { contradictionOf } from './contradictions.js';
import type { Arrow, Lane, Note, Step } from './step.js';

/** Where the entries' clients and servers are drawn. */
export interface Lanes {
  of(client: string): Lane;
  /** Whether a client is among the entries. */
  knows(client: string): boolean;
  server(entry: TimelineEntry): Lane;
}

/** What is drawn for one entry. @param isUnwanted whether a assertion says that it should not have come */
export function stepsOf(entry: TimelineEntry, lanes: Lanes, isUnwanted: boolean): readonly Step[] {
  const severity = isUnwanted ? UNWANTED : severityOf(entry);
  const owner = clientOf(entry) ?? entry.cause?.client;
  const isOfCrowd = severity === 0 && owner !== undefined && lanes.of(owner).kind === 'others';
  const common = { severity, entries: 1, gist: isOfCrowd ? gistOf(entry) : undefined };
  const mark = isUnwanted || severity >= SURELY_WRONG ? '✗ ' : '';
  return [...missingArrows(entry, lanes), { ...common, ...drawingOf(entry, lanes, mark) }];
}

const UNWANTED = 4;

type Drawing =
  | Pick<Arrow, 'kind' | 'style' | 'from' | 'to' | 'text' | 'farewell'>
  | Pick<Note, 'kind' | 'over' | 'text' | 'farewell'>;

// oxlint-disable-next-line typescript/consistent-return -- TypeScript sees that every kind returns
function drawingOf(entry: TimelineEntry, lanes: Lanes, mark: string): Drawing {
  const server = lanes.server(entry);
  const name = clientOf(entry);
  const client = name === undefined ? server : lanes.of(name);
  const fromClient = { kind: 'arrow', style: 'plain', from: client, to: server } as const;
  const fromServer = { kind: 'arrow', style: 'plain', from: server, to: client } as const;

  switch (entry.kind) {
    case 'connected': {
      const where = entry.namespace === '/' ? '' : ` to ${entry.namespace}`;
      return { ...fromClient, text: `connects${where} by ${entry.transport}` };
    }
    case 'refused':
      return { ...fromServer, style: 'cut', text: `✗ refused by the ${entry.stage}: ${entry.reason}` };
    case 'upgraded':
      return { ...fromClient, text: `upgrades to ${entry.transport}` };
    case 'disconnected':
      return {
        ...(SERVERS_DOING.has(entry.reason) ? fromServer : fromClient),
        style: 'cut',
        text: `disconnects: ${entry.reason}`,
        farewell: entry.reason === 'io client disconnect',
      };
    case 'sent':
      return { ...fromClient, text: showEvent(entry.event, entry.args) };
    case 'received':
      return { ...fromServer, text: `${mark}${showEvent(entry.event, entry.args)}` };
    case 'acked':
      return {
        ...(entry.by === 'server' ? fromServer : fromClient),
        style: 'answer',
        text: `ack of ${showEvent(entry.event, entry.args)}`,
      };
    case 'logged':
      return {
        kind: 'note',
        over: server,
        text: `${mark}${sentenceOf(entry)}`,
        farewell: entry.cause?.event === 'disconnect',
      };
    case 'stated':
      return {
        kind: 'note',
        over: client,
        text: entry.holds ? sentenceOf(entry) : `✗ Expected ${entry.what}`,
      };
    case 'requested':
    case 'begun':
    case 'handled':
    case 'unheard':
    case 'joined':
    case 'left':
      return { kind: 'note', over: server, text: sentenceOf(entry) };
    case 'failed':
    case 'acted':
      return { kind: 'note', over: client, text: sentenceOf(entry) };
  }
}

/** The event that clients should have had: arrows that do not arrive. */
function missingArrows(entry: TimelineEntry, lanes: Lanes): readonly Arrow[] {
  const { event, missing = [] } = contradictionOf(entry) ?? {};
  return missing
    .filter((client) => lanes.knows(client))
    .map((client) => ({
      kind: 'arrow',
      style: 'missing',
      from: lanes.server(entry),
      to: lanes.of(client),
      text: `✗ missing: ${event}`,
      severity: severityOf(entry),
      entries: 0,
    }));
}

/** What clients have in common of whom each had an entry of its own. */
function gistOf(entry: TimelineEntry): string {
  switch (entry.kind) {
    case 'sent':
    case 'received':
      return showEvent(entry.event);
    case 'acked':
      return `ack of ${showEvent(entry.event)}`;
    case 'logged':
      return `${entry.level} [${entry.context ?? 'no context'}] …`;
    case 'joined':
    case 'left':
      return `${entry.kind} room ${format(entry.room)}`;
    case 'connected':
      return `connects by ${entry.transport}`;
    default:
      return entry.kind;
  }
}

/** The reasons for a disconnection, as either end says them, by which the server did it. */
const SERVERS_DOING = new Set([
  'io server disconnect',
  'server namespace disconnect',
  'server shutting down',
  'forced server close',
]);
