import type { RefusalStage } from '../../report/errors.js';
import type { Kinds } from './kind.js';

export type ConnectionEntry =
  /** The server let a client in. */
  | { kind: 'connected'; client: string; id: string; namespace: string; transport: string }
  | { kind: 'refused'; client: string; stage: RefusalStage; reason: string; data?: unknown }
  | { kind: 'upgraded'; client: string; transport: string }
  /** One end has seen the connection go. */
  | { kind: 'disconnected'; client: string; end: 'client' | 'server'; reason: string };

export const connections: Kinds<ConnectionEntry> = {
  connected: {
    sentence: ({ client, namespace, transport }) => `${client} connected to ${namespace} by ${transport}`,
    drawing: ({ namespace, transport }) => ({
      by: 'client',
      text: `connects${namespace === '/' ? '' : ` to ${namespace}`} by ${transport}`,
    }),
    gist: ({ transport }) => `connects by ${transport}`,
  },
  refused: {
    sentence: ({ client, stage, reason }) => `${client} refused by the ${stage}: ${reason}`,
    severity: () => 1,
    drawing: ({ stage, reason }) => ({ by: 'server', style: 'cut', text: `✗ refused by the ${stage}: ${reason}` }),
  },
  upgraded: {
    sentence: ({ client, transport }) => `${client} upgraded to ${transport}`,
    drawing: ({ transport }) => ({ by: 'client', text: `upgrades to ${transport}` }),
  },
  disconnected: {
    sentence: ({ client, end, reason }) =>
      end === 'client' ? `${client} disconnected: ${reason}` : `${client} gone, the server says: ${reason}`,
    drawing: ({ reason }) => ({
      by: SERVERS_DOING.has(reason) ? 'server' : 'client',
      style: 'cut',
      text: `disconnects: ${reason}`,
      farewell: reason === 'io client disconnect',
    }),
  },
};

/** The reasons for a disconnection, as either end says them, by which the server did it. */
const SERVERS_DOING = new Set([
  'io server disconnect',
  'server namespace disconnect',
  'server shutting down',
  'forced server close',
]);
