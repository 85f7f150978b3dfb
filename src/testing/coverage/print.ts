import type { Coverage, EventCoverage, GatewayCoverage, HandlerCoverage } from './coverage.js';
import { COVERAGE_KINDS, coverageTotals, type CoverageKind } from './totals.js';
import { showVacuous, vacuousNegatives } from './vacuous.js';

/** The maximum width of a line, in columns. Names are not broken. */
const WIDTH = 96;

/** The coverage as a table for each gateway, with the totals below. */
export function printCoverage(coverage: Coverage): string {
  const { apps, gateways, otherEvents } = coverage;
  const others = eventLines(otherEvents, ({ namespace, event }) => `${event} on ${namespace}`);
  const sections = [
    [`Contract coverage of ${apps} ${apps === 1 ? 'app' : 'apps'}`],
    ...gateways.map(sectionOf),
    titled("Events that no gateway's code names", others),
    titled('Denied, and never seen', vacuousNegatives(coverage).map(showVacuous)),
    titled('Refusals, by stage', countLines(coverage.refusals)),
    titled('Disconnections, by reason', countLines(coverage.disconnects)),
    totalLines(coverage),
  ];
  const texts = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return texts.join('\n\n');
}

function sectionOf({ name, namespace, handlers, events }: GatewayCoverage): string[] {
  const named = eventLines(events, ({ event }) => event);
  const parts = [...titled('handlers', handlerLines(handlers)), ...titled('events', named)];
  return [`${name} on ${namespace}`, ...indented(parts.length > 0 ? parts : ['no handlers, no events'])];
}

function handlerLines(handlers: readonly HandlerCoverage[]): string[] {
  return inColumns(handlers.map((handler) => [...markOf(handler.event, handler.received), ackOf(handler)]));
}

function ackOf({ answers, asked, acked, failed }: HandlerCoverage): string {
  if (acked > 0) return `✓ ack ${acked}×${failed > 0 ? `, an error ${failed}×` : ''}`;
  if (failed > 0) return `✗ ack ${failed}×, always an error`;
  if (asked > 0) return `✗ ack asked for ${asked}×, never seen`;
  return answers ? '✗ ack never asked for' : '';
}

function eventLines<Event extends EventCoverage>(events: readonly Event[], nameOf: (event: Event) => string): string[] {
  return inColumns(events.map((event) => markOf(nameOf(event), event.delivered)));
}

function countLines(counts: Record<string, number>): string[] {
  const seen = Object.entries(counts).filter(([, count]) => count > 0);
  const never = Object.keys(counts).filter((name) => counts[name] === 0);
  return [
    ...inColumns(seen.map(([name, count]) => markOf(name, count))),
    ...(never.length > 0 ? wrapped('✗ never: ', never) : []),
  ];
}

const OF_WHICH: Record<CoverageKind, string> = {
  handlers: 'received their event',
  acks: 'were given, of the handlers that return a value or take @Ack()',
  events: "reached a client, of those that the gateways' code names",
};

function totalLines(coverage: Coverage): string[] {
  const totals = coverageTotals(coverage);
  const rows = COVERAGE_KINDS.map((kind) => {
    const { covered, declared, percent } = totals[kind];
    return [kind, `${percent} %`.padStart(5), `${covered} of ${declared}`, OF_WHICH[kind]];
  });
  return titled('Covered', inColumns(rows));
}

function markOf(name: string, count: number): string[] {
  return count > 0 ? [`✓ ${name}`, `${count}×`] : [`✗ ${name}`, 'never'];
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? [title, ...indented(lines)] : [];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** Aligns cells in columns. A column is as wide as its widest cell. */
function inColumns(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const lineOf = (row: readonly string[]): string => row.map((cell, column) => cell.padEnd(width(column))).join('  ');
  return rows.map((row) => lineOf(row).trimEnd());
}

/** Names after a label, on as many lines as they need. */
function wrapped(label: string, names: readonly string[]): string[] {
  const lines = [label];
  for (const [index, name] of names.entries()) {
    const text = index < names.length - 1 ? `${name}, ` : name;
    if (lines.at(-1)!.length + text.trimEnd().length > WIDTH - 2) lines.push(' '.repeat(label.length));
    lines.push(lines.pop()! + text);
  }
  return lines.map((line) => line.trimEnd());
}
