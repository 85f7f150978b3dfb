import type { ContestantName } from '../contestants/contestants.js';
import type { BenchResult, Spread } from '../results/result.js';
import { MARGIN, WIDTH, round, svg } from './svg.js';

const LABELS = 380;
const ROW = 40;
const HEAD = 56;

const shown: ContestantName[] = ['nest', 'kit', 'kit-defaults'];
const BASELINE = 'bare';

interface Row {
  label: string;
  ratios: [name: ContestantName, ratio: Spread][];
}

interface Scale {
  ticks: number[];
  /** From 0, at the left, to 1. */
  at: (ratio: number) => number;
}

/** The ratios to bare Socket.IO: a dot for each median, and a bar for the middle half. As SVG. */
export function plotOf(result: BenchResult): string {
  const speed = rowsOf(result, 'more');
  const cost = rowsOf(result, 'less');
  const speedTop = 40;
  const costTop = speedTop + HEAD + speed.length * ROW + MARGIN;
  const height = costTop + HEAD + cost.length * ROW + MARGIN;
  return svg(`Ratios to bare Socket.IO on Node ${result.machine.node}`, height, shown, [
    ...panel(speedTop, 'How much of it, with bare Socket.IO as 1: more is better', speed, linear(speed)),
    ...panel(costTop, 'What it costs, with bare Socket.IO as 1: less is better', cost, logarithmic(cost)),
  ]);
}

function rowsOf({ workloads }: BenchResult, better: 'more' | 'less'): Row[] {
  const atOneSize = workloads.filter(({ size }) => size === undefined);
  return atOneSize.flatMap(({ title, metrics }) =>
    metrics
      .filter((metric) => metric.better === better)
      .map(({ name, standings }) => ({
        label: `${title}: ${name}`,
        ratios: shown.flatMap((one): Row['ratios'] => {
          const ratio = standings[one]?.to[BASELINE];
          return ratio ? [[one, ratio]] : [];
        }),
      }))
      .filter(({ ratios }) => ratios.length > 0),
  );
}

function linear(rows: Row[]): Scale {
  const most = Math.max(1.1, ...boundsOf(rows));
  const step = most > 3 ? 1 : 0.25;
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  return { ticks, at: (ratio) => ratio / most };
}

function logarithmic(rows: Row[]): Scale {
  const exponents = boundsOf(rows).map(Math.log2);
  const least = Math.floor(Math.min(-1, ...exponents));
  const most = Math.ceil(Math.max(1, ...exponents));
  const ticks = Array.from({ length: most - least + 1 }, (_, index) => 2 ** (least + index));
  return { ticks, at: (ratio) => (Math.log2(ratio) - least) / (most - least) };
}

function boundsOf(rows: Row[]): number[] {
  return rows.flatMap(({ ratios }) => ratios.flatMap(([, { low, high }]) => [low, high]));
}

function panel(top: number, head: string, rows: Row[], { ticks, at }: Scale): string[] {
  const x = (ratio: number): number => round(LABELS + at(ratio) * (WIDTH - LABELS - MARGIN));
  const first = top + HEAD;
  const bottom = first + rows.length * ROW;
  return [
    `<text class="head" x="${MARGIN}" y="${top + 18}">${head}</text>`,
    ...ticks.flatMap((tick) => [
      `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="${first - 6}" y2="${bottom}" />`,
      `<text class="tick" x="${x(tick)}" y="${first - 12}">${tick}</text>`,
    ]),
    ...rows.flatMap(({ label, ratios }, index) => {
      const middle = first + index * ROW + ROW / 2;
      return [
        `<text x="${MARGIN}" y="${middle + 4}">${label}</text>`,
        ...ratios.flatMap(([name, { median, low, high }], place) => {
          const y = middle + (place - (ratios.length - 1) / 2) * 11;
          return [
            `<rect class="bar ${name}" x="${x(low)}" y="${y - 3}" width="${round(x(high) - x(low))}" height="6" />`,
            `<circle class="${name}" cx="${x(median)}" cy="${y}" r="4" />`,
          ];
        }),
      ];
    }),
  ];
}
