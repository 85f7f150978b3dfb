import type { Coverage } from './coverage.js';

/** The kinds of coverage that are measured in percent. */
export const COVERAGE_KINDS = ['handlers', 'acks', 'events'] as const;
export type CoverageKind = (typeof COVERAGE_KINDS)[number];

/** How many of the declared items were exercised. */
export interface CoverageTotal {
  covered: number;
  declared: number;
  /** Rounded down, so that 100 means all. If nothing is declared, 100. */
  percent: number;
}

/** A declared handler, ack or event. */
export interface CoverageItem {
  /** For example `ChatGateway "say"`. */
  readonly name: string;
  readonly covered: boolean;
}

/**
 * How many of the declared handlers received their event, how many of those that give acks gave one without an error,
 * and how many of the events that gateways name reached a client.
 */
export function coverageTotals(coverage: Coverage): Record<CoverageKind, CoverageTotal> {
  const { handlers, acks, events } = coverageItems(coverage);
  return { handlers: totalOf(handlers), acks: totalOf(acks), events: totalOf(events) };
}

export function coverageItems({ gateways }: Coverage): Record<CoverageKind, CoverageItem[]> {
  const handlers = gateways.flatMap((gateway) =>
    gateway.handlers.map((handler) => ({ ...handler, name: `${gateway.name} "${handler.event}"` })),
  );
  const events = gateways.flatMap((gateway) =>
    gateway.events.map((event) => ({ ...event, name: `${gateway.name} "${event.event}"` })),
  );
  return {
    handlers: handlers.map(({ name, received }) => ({ name, covered: received > 0 })),
    acks: handlers
      .filter(({ answers, acked }) => answers || acked > 0)
      .map(({ name, acked }) => ({ name, covered: acked > 0 })),
    events: events.map(({ name, delivered }) => ({ name, covered: delivered > 0 })),
  };
}

function totalOf(items: readonly CoverageItem[]): CoverageTotal {
  const declared = items.length;
  const covered = items.filter((item) => item.covered).length;
  return { covered, declared, percent: declared === 0 ? 100 : Math.floor((covered / declared) * 100) };
}
