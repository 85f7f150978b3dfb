import { titleOf } from '../contestants/contestants.js';
import type { Metric, WorkloadResult } from '../results/result.js';
import { spread } from './figures.js';
import { formatted } from './formatted.js';

const DISTURBED = 0.1;
const BUSY_ENOUGH = 0.9;

/** A workload in Markdown: a line for each contestant, and of each metric its value and its ratio to the first. */
export function tableOf(workload: WorkloadResult): Promise<string> {
  const { title, how, rounds, metrics } = workload;
  const names = [...new Set(metrics.flatMap(({ standings }) => Object.keys(standings)))];
  const columns = metrics.flatMap(columnsOf);
  const rows = [
    ['', ...columns.map(({ head }) => head)],
    [':--', ...columns.map(() => '--:')],
    ...names.map((name) => [titleOf(name), ...columns.map(({ cell }) => cell(name))]),
  ];
  const table = rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const notes = [`${rounds} rounds: ${how}.`, ...reservationsOf(workload)].join(' ');
  return formatted(`#### ${title}\n\n${table}\n\n${notes}\n`, 'markdown');
}

interface Column {
  head: string;
  cell: (name: string) => string;
}

function columnsOf({ name: metric, unit, standings }: Metric): Column[] {
  const value: Column = {
    head: metric,
    cell: (name) => (standings[name] ? spread(standings[name].value, unit) : ''),
  };
  const first = Object.keys(standings).find((name) => Object.values(standings).some(({ to }) => name in to));
  if (first === undefined) return [value];
  const ratio: Column = {
    head: `to ${titleOf(first)}`,
    cell: (name) => (standings[name]?.to[first] ? spread(standings[name].to[first]) : name === first ? '1' : ''),
  };
  return [value, ratio];
}

/** Whose throughput is not all that they could. */
function reservationsOf({ busy = {} }: WorkloadResult): string[] {
  const all = Object.entries(busy);
  const disturbed = all
    .filter(([, { waiting }]) => waiting > DISTURBED)
    .map(([name, { waiting }]) => `${titleOf(name)} for ${percent(waiting)} of the time`);
  const idle = all
    .filter(([, { server, waiting }]) => server + waiting < BUSY_ENOUGH)
    .map(([name, { server, waiting }]) => `${titleOf(name)} for ${percent(1 - server - waiting)} of the time`);
  return [
    ...(disturbed.length > 0 ? [`Kept from the CPU by others: ${disturbed.join(', ')}.`] : []),
    ...(idle.length > 0 ? [`Without anything to do: ${idle.join(', ')}.`] : []),
  ];
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
