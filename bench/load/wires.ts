import type { Wire } from '../contestants/contestants.js';
import { message, token } from '../contestants/message.js';

/** How one speaks to a contestant over its WebSocket, as texts of frames. */
export interface Dialect {
  path: string;
  /** What the server says first, what is answered to it, and how its welcome begins. */
  greeting?: { opening: string; answer: string; welcome: string };
  /** A message that is to be answered; `slot` tells those apart that are under way at once. */
  request: (event: string, slot: number) => string;
  /** How its answer begins, if it does not tell the slot, and how it ends. */
  answer: { start: string; end: string; length: number };
  /** What is to be broadcast, and what everybody gets of it. */
  publish: (event: string) => string;
  published: string;
  /** What a server asks now and then, and the answer. */
  ping?: { question: string; answer: string };
  /** What is said before the connection is closed. */
  goodbye?: string;
}

/** Of three digits each, so that every frame has one length. */
const FIRST_SLOT = 100;
export const MOST_SLOTS = 900;

const body = JSON.stringify(message);

/** What the floor takes as something for everybody. */
export const publishOverWs = `publish ${body}`;

export const dialects: Record<Wire, Dialect> = {
  'socket.io': {
    path: '/socket.io/?EIO=4&transport=websocket',
    greeting: { opening: '0{', answer: `40${JSON.stringify({ token })}`, welcome: '40{' },
    request: (event, slot) => `42${FIRST_SLOT + slot}["${event}",${body}]`,
    answer: { start: '43', end: `[${body}]`, length: `43${FIRST_SLOT}[${body}]`.length },
    publish: (event) => `42["${event}",${body}]`,
    published: `42["published",${body}]`,
    ping: { question: '2', answer: '3' },
    goodbye: '41',
  },
  ws: {
    path: '/',
    request: (_event, slot) => `${FIRST_SLOT + slot}${body}`,
    answer: { start: '', end: body, length: `${FIRST_SLOT}${body}`.length },
    publish: () => publishOverWs,
    published: publishOverWs,
  },
};
