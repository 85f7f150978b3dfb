import type { Socket } from '../../websocket/index.js';
import type { RefusalStage } from '../report/errors.js';

/** The contract with clients that the apps under test declare, and how often each part of it was exercised. */
export interface Coverage {
  /** How many apps were closed. Each node of a cluster counts as one. */
  apps: number;
  gateways: GatewayCoverage[];
  /** Events that clients received and that no gateway's code names, except for Nest's `exception`. */
  otherEvents: (EventCoverage & { namespace: string })[];
  /** The names in the negative assertions of tests. */
  denied: CoveredNames;
  /** The names that occurred: events that an app emitted, and rooms that a client joined. */
  seen: CoveredNames;
  /** How many clients were refused at each stage. */
  refusals: Record<RefusalStage, number>;
  /** How many disconnections the server saw, for each reason of Socket.IO. */
  disconnects: Record<string, number>;
}

export interface CoveredNames {
  events: string[];
  rooms: string[];
}

export interface GatewayCoverage {
  /** The class name. Gateways with the same name and namespace count as one, also across apps. */
  name: string;
  /** With its leading slash. For a pattern, its text. */
  namespace: string;
  handlers: HandlerCoverage[];
  /** The events that the gateway's code names in `emit('…')`, or as the event of a `WsResponse`. */
  events: EventCoverage[];
}

/**
 * A method with `@SubscribeMessage`. If an event has several handlers on a namespace, its acks count for each handler
 * whose code gives acks, because an ack does not say which handler gave it.
 */
export interface HandlerCoverage {
  event: string;
  method: string;
  /** How often its event passed the middlewares. Guards and pipes may still have refused it. */
  received: number;
  /** Whether its code gives acks: it returns something that is not a `WsResponse`, or takes `@Ack()`. */
  answers: boolean;
  /** How often a client asked for an ack. */
  asked: number;
  /** How often a client of the test got an ack that was not an error. */
  acked: number;
  /** How often such a client got an error ack, such as one whose `status` is `error`. */
  failed: number;
}

export interface EventCoverage {
  event: string;
  /** How often clients received it. */
  delivered: number;
}

/** Socket.IO's reason for a disconnection at the server. */
type DisconnectReason = Parameters<Socket['_onclose']>[0];

/** The coverage before any app is closed. */
export function emptyCoverage(): Coverage {
  return {
    apps: 0,
    gateways: [],
    otherEvents: [],
    denied: { events: [], rooms: [] },
    seen: { events: [], rooms: [] },
    refusals: { handshake: 0, namespace: 0, gateway: 0 },
    disconnects: {
      'client namespace disconnect': 0,
      'server namespace disconnect': 0,
      'transport close': 0,
      'transport error': 0,
      'ping timeout': 0,
      'parse error': 0,
      'forced close': 0,
      'server shutting down': 0,
      'forced server close': 0,
    } satisfies Record<DisconnectReason, number>,
  };
}
