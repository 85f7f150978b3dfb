import type { Socket } from '../../websocket/index.js';
import type { RefusalStage } from '../report/errors.js';

/** What the apps under test declare of their contract with clients, and how often each part of it was exercised. */
export interface Coverage {
  /** How many apps were closed; each node of a cluster is one. */
  apps: number;
  gateways: GatewayCoverage[];
  /** Events that clients received and that no gateway's code names, such as Nest's own `exception`. */
  otherEvents: (EventCoverage & { namespace: string })[];
  /** The names that tests made negative assertions about. */
  denied: CoveredNames;
  /** The names of what happened: events that an app emitted, rooms that somebody was in. */
  seen: CoveredNames;
  /** How many clients were refused at each stage. */
  refusals: Record<RefusalStage, number>;
  /** How many clients the server saw go, for each reason that Socket.IO knows. */
  disconnects: Record<string, number>;
}

export interface CoveredNames {
  events: string[];
  rooms: string[];
}

export interface GatewayCoverage {
  /** Its class name; gateways of that name on one namespace are one, whichever app they are of. */
  name: string;
  /** With its leading slash; of a pattern, its text. */
  namespace: string;
  handlers: HandlerCoverage[];
  /** What the gateway's code names in `emit('…')`, or as the event of a `WsResponse`. */
  events: EventCoverage[];
}

/**
 * A method with `@SubscribeMessage`. Where an event has several on a namespace, its acks are counted for each that
 * gives acks by its code, since nobody can tell whose they are.
 */
export interface HandlerCoverage {
  event: string;
  method: string;
  /** How often its event reached it, past the middlewares; its guards and pipes may still have refused it. */
  received: number;
  /** Whether, by its code, it gives acks: it returns something that is no `WsResponse`, or takes `@Ack()`. */
  answers: boolean;
  /** How often a client asked for an ack. */
  asked: number;
  /** How often a client that `connect()` opened got one that was no error. */
  acked: number;
  /** How often such a client got an error instead: an ack whose `status` is `error`. */
  failed: number;
}

export interface EventCoverage {
  event: string;
  /** How many times a client received it. */
  delivered: number;
}

/** Why a client was gone, as Socket.IO says it on the server. */
type DisconnectReason = Parameters<Socket['_onclose']>[0];

/** What there is before any app has been closed. */
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
