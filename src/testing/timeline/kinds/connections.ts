import type { RefusalStage } from '../../report/errors.js';
import type { Kinds } from './kind.js';

export type ConnectionEntry =
  /** The server accepted a client. */
  | { kind: 'connected'; client: string; id: string; namespace: string; transport: string }
  | { kind: 'refused'; client: string; stage: RefusalStage; reason: string; data?: unknown }
  | { kind: 'upgraded'; client: string; transport: string }
  /** One end noticed the disconnection. */
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

/** The disconnect reasons of either end that mean that the server disconnected the client. */
const SERVERS_DOING = new Set([
  'io server disconnect',
  'server namespace disconnect',
  'server shutting down',
  'forced server close',
]);
