import {
  emptyCoverage,
  type Coverage,
  type CoveredNames,
  type EventCoverage,
  type GatewayCoverage,
  type HandlerCoverage,
} from './coverage.js';

/** Adds up the coverage of all apps, sorted by name. */
export function mergeCoverage(coverages: readonly Coverage[]): Coverage {
  const all = [emptyCoverage(), ...coverages];
  return {
    apps: sum(all.map(({ apps }) => apps)),
    gateways: mergeBy(
      all.flatMap(({ gateways }) => gateways),
      ({ name, namespace }) => [name, namespace],
      mergeGateways,
    ),
    otherEvents: mergeBy(
      all.flatMap(({ otherEvents }) => otherEvents),
      ({ namespace, event }) => [namespace, event],
      mergeEvents,
    ),
    denied: mergeNames(all.map(({ denied }) => denied)),
    seen: mergeNames(all.map(({ seen }) => seen)),
    refusals: addUp(all.map(({ refusals }) => refusals)),
    disconnects: addUp(all.map(({ disconnects }) => disconnects)),
  };
}

function mergeNames(names: readonly CoveredNames[]): CoveredNames {
  const unique = (kind: keyof CoveredNames): string[] => [...new Set(names.flatMap((of) => of[kind]))].toSorted();
  return { events: unique('events'), rooms: unique('rooms') };
}

function mergeGateways(same: readonly [GatewayCoverage, ...GatewayCoverage[]]): GatewayCoverage {
  const handlers = same.flatMap((gateway) => gateway.handlers);
  const events = same.flatMap((gateway) => gateway.events);
  return {
    ...same[0],
    handlers: mergeBy(handlers, ({ event, method }) => [event, method], mergeHandlers),
    events: mergeBy(events, ({ event }) => [event], mergeEvents),
  };
}

function mergeHandlers(same: readonly [HandlerCoverage, ...HandlerCoverage[]]): HandlerCoverage {
  return {
    ...same[0],
    received: sum(same.map(({ received }) => received)),
    answers: same.some(({ answers }) => answers),
    asked: sum(same.map(({ asked }) => asked)),
    acked: sum(same.map(({ acked }) => acked)),
    failed: sum(same.map(({ failed }) => failed)),
  };
}

function mergeEvents<Event extends EventCoverage>(same: readonly [Event, ...Event[]]): Event {
  return { ...same[0], delivered: sum(same.map(({ delivered }) => delivered)) };
}

function mergeBy<T>(
  items: readonly T[],
  keyOf: (item: T) => readonly string[],
  merge: (same: readonly [T, ...T[]]) => T,
): T[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const key = JSON.stringify(keyOf(item));
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  // Not sorted by locale, so that the report is the same on every machine.
  const byKey = [...groups].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return byKey.map(([, group]) => merge(group));
}

function addUp<Name extends string>(counts: readonly Record<Name, number>[]): Record<Name, number> {
  const names = counts.flatMap((count) => Object.keys(count) as Name[]);
  const entries = names.map((name) => [name, sum(counts.map((count) => count[name] ?? 0))]);
  return Object.fromEntries(entries) as Record<Name, number>;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
