import type { LogLevel } from '@nestjs/common';
import type { RefusalStage } from '../report/errors.js';
import type { Cause } from '../model/execution-context.js';

/** What contradicts a assertion about an event. */
export interface Contradiction {
  /** Of what is missing, the event as it was stated: `"said" ('hi')`. */
  readonly event?: string;
  /** What came and should not have: the `seq` of each receipt. */
  readonly unwanted: readonly number[];
  /** The clients that should have had it and did not. */
  readonly missing: readonly string[];
}

/** Something that happened in an app under test, or that the test did to it. */
export type Happening =
  /** The server let a client in. */
  | { kind: 'connected'; client: string; id: string; namespace: string; transport: string }
  | { kind: 'refused'; client: string; stage: RefusalStage; reason: string; data?: unknown }
  | { kind: 'upgraded'; client: string; transport: string }
  /** One end has seen the connection go. */
  | { kind: 'disconnected'; client: string; end: 'client' | 'server'; reason: string }
  /** An event from a client to the server, at the moment in which the client sent it. */
  | {
      kind: 'sent';
      client: string;
      namespace: string;
      event: string;
      args: readonly unknown[];
      asksAck: boolean;
    }
  /** An event from the server to a client, at the moment in which the client had it. */
  | {
      kind: 'received';
      client: string;
      namespace: string;
      event: string;
      args: readonly unknown[];
      asksAck: boolean;
    }
  /** The answer to an event, from the end that did not send it. `to` is the `seq` of what it answers. */
  | {
      kind: 'acked';
      client: string;
      namespace: string;
      by: 'client' | 'server';
      event: string;
      args: readonly unknown[];
      to: number;
    }
  /** The app was asked by HTTP; without the query, in which there may be secrets. */
  | { kind: 'requested'; method: string; path: string }
  /** A job, a listener of the app's own events, or a message to a microservice has begun: `ReportJobs.nightly`. */
  | { kind: 'begun'; what: string }
  /** A handler has dealt with an event, in so many milliseconds. */
  | { kind: 'handled'; client: string; namespace: string; event: string; took: number }
  /** The server emitted an event, and no client of this node was in the rooms that it was for. */
  | {
      kind: 'unheard';
      namespace: string;
      event: string;
      args: readonly unknown[];
      /** Rooms; of a client's own room, its name. Empty for the whole namespace. */
      rooms: readonly string[];
    }
  | { kind: 'joined' | 'left'; client: string; namespace: string; room: string }
  | {
      kind: 'logged';
      level: LogLevel;
      context?: string;
      text: string;
      params: readonly unknown[];
      stack?: string;
    }
  /** A gateway's hook threw or rejected. */
  | { kind: 'failed'; client: string; what: string; text: string; stack?: string }
  /** The test itself acted: it settled the app, disconnected a client, closed the app. */
  | { kind: 'acted'; what: string; client?: string }
  /** The test stated something; `denied` is what it said is not. */
  | {
      kind: 'stated';
      what: string;
      holds: boolean;
      client?: string;
      denied?: { event?: string; room?: string };
      contradiction?: Contradiction;
    };

/** A happening, where and when it took place, and what caused it. */
export type TimelineEntry = Happening & {
  /** Its number: one higher than that of the entry before. */
  readonly seq: number;
  /** When, in milliseconds since the app began to boot; monotonic. */
  readonly at: number;
  /** Of a cluster, the node. */
  readonly node?: number;
  /** What set it off on the server, where that is known. */
  readonly cause?: Cause;
};
