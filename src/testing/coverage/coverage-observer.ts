import type { INestApplication } from '@nestjs/common';
import { errorAnswerIn } from '../model/error-answer.js';
import { discoverGateways, type Gateway } from '../observer/gateways.js';
import type { ArrivalListener } from '../observer/observed-app.js';
import type { TimelineEntry } from '../timeline/entry.js';
import type { Timeline } from '../timeline/timeline.js';
import {
  emptyCoverage,
  type Coverage,
  type EventCoverage,
  type GatewayCoverage,
  type HandlerCoverage,
} from './coverage.js';
import { declaredBy } from './declared.js';
import { COVERAGE_DIR, writeCoverage } from './directory.js';

/**
 * Observes an app's coverage from now on if `REALTIME_COVERAGE_DIR` is set; otherwise does nothing.
 *
 * @param node the app's node, in a cluster
 */
export function observeCoverage(
  nest: INestApplication,
  timeline: Timeline,
  node?: number,
): CoverageObserver | undefined {
  const directory = process.env[COVERAGE_DIR];
  if (!directory) return undefined;
  const observer = new CoverageObserver(directory, discoverGateways(nest));
  timeline.onRecord((entry) => {
    if (entry.node === node) observer.note(entry);
  });
  return observer;
}

/** Counts how often the clients of one app exercise each part of what its gateways declare. */
export class CoverageObserver {
  private readonly coverage: Coverage;
  private readonly declared: readonly { gateway: Gateway; coverage: GatewayCoverage }[];

  constructor(
    private readonly directory: string,
    gateways: readonly Gateway[],
  ) {
    // A class that two modules provide has two instances, and each gets every event.
    const classes = new Map(gateways.map((gateway) => [gateway.prototype, gateway]));
    this.declared = [...classes.values()].map((gateway) => ({ gateway, coverage: declaredBy(gateway) }));
    const declared = this.declared.map(({ coverage }) => coverage);
    this.coverage = { ...emptyCoverage(), apps: 1, gateways: declared };
  }

  /** Counts an event that reached its handlers. */
  readonly onArrival: ArrivalListener = ({ namespace, event, asksAck }) => {
    for (const handler of this.handlersOf(namespace, event)) handler.received += 1;
    if (!asksAck) return;
    for (const handler of this.answerersOf(namespace, event)) handler.asked += 1;
  };

  /** Counts everything else. */
  note(entry: TimelineEntry): void {
    const { denied, seen, refusals, disconnects } = this.coverage;
    if (entry.kind === 'received' || entry.kind === 'unheard') noteName(seen.events, entry.event);
    if (entry.kind === 'joined') noteName(seen.rooms, entry.room);
    if (entry.kind === 'stated' && entry.denied) {
      const { event, room } = entry.denied;
      // A good run has no `exception`, so a negative assertion about it is never suspicious.
      if (event !== undefined && event !== 'exception') noteName(denied.events, event);
      if (room !== undefined) noteName(denied.rooms, room);
    }
    if (entry.kind === 'received') {
      for (const event of this.eventsOf(entry.namespace, entry.event)) event.delivered += 1;
    } else if (entry.kind === 'acked' && entry.by === 'server') {
      const outcome = errorAnswerIn(entry.args) ? 'failed' : 'acked';
      for (const handler of this.answerersOf(entry.namespace, entry.event)) handler[outcome] += 1;
    } else if (entry.kind === 'refused') {
      refusals[entry.stage] += 1;
    } else if (entry.kind === 'disconnected' && entry.end === 'server') {
      disconnects[entry.reason] = (disconnects[entry.reason] ?? 0) + 1;
    }
  }

  /** Call this when the app is closed. */
  write(): void {
    writeCoverage(this.directory, this.coverage);
  }

  private handlersOf(namespace: string, event: string): HandlerCoverage[] {
    return this.on(namespace).flatMap(({ handlers }) => handlers.filter((handler) => handler.event === event));
  }

  /** The handlers that may give the ack of an event: those whose code gives acks or, if there are none, all. */
  private answerersOf(namespace: string, event: string): HandlerCoverage[] {
    const handlers = this.handlersOf(namespace, event);
    const answering = handlers.filter(({ answers }) => answers);
    return answering.length > 0 ? answering : handlers;
  }

  /** The event in each gateway that names it. If none does, it counts as another event, except for `exception`. */
  private eventsOf(namespace: string, event: string): EventCoverage[] {
    const { otherEvents } = this.coverage;
    const named = this.on(namespace).flatMap(({ events }) => events.filter((known) => known.event === event));
    if (named.length > 0 || event === 'exception') return named;
    const known = otherEvents.find((other) => other.namespace === namespace && other.event === event);
    if (known) return [known];
    const other = { namespace, event, delivered: 0 };
    otherEvents.push(other);
    return [other];
  }

  private on(namespace: string): GatewayCoverage[] {
    return this.declared.flatMap(({ gateway, coverage }) => (gateway.serves(namespace) ? [coverage] : []));
  }
}

function noteName(names: string[], name: string): void {
  if (!names.includes(name)) names.push(name);
}
