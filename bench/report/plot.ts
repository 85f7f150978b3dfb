import { titleOf, type ContestantName } from '../contestants/contestants.js';
import type { BenchResult, Spread } from '../results/result.js';

const WIDTH = 900;
const LABELS = 380;
const MARGIN = 24;
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
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>Ratios to bare Socket.IO on Node ${result.machine.node}</title>`,
    STYLE,
    `<rect class="page" width="${WIDTH}" height="${height}" />`,
    ...legend(),
    ...panel(speedTop, 'How much of it, with bare Socket.IO as 1: more is better', speed, linear(speed)),
    ...panel(costTop, 'What it costs, with bare Socket.IO as 1: less is better', cost, logarithmic(cost)),
    '</svg>',
  ].join('\n')}\n`;
}

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.page { fill: #ffffff }
.head { font-weight: 600 }
.tick { fill: #59636e; text-anchor: middle }
.grid { stroke: #d1d9e0 }
.one { stroke: #59636e; stroke-width: 2 }
.nest { fill: #9a6700 } .kit { fill: #0969da } .kit-defaults { fill: #1a7f37 }
.bar { opacity: 0.4 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .page { fill: #0d1117 } .tick { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #9198a1 }
.nest { fill: #d29922 } .kit { fill: #4493f8 } .kit-defaults { fill: #3fb950 }
}
</style>`;

function rowsOf({ workloads }: BenchResult, better: 'more' | 'less'): Row[] {
  return workloads.flatMap(({ title, metrics }) =>
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

function legend(): string[] {
  return shown.map((name, index) => {
    const x = MARGIN + index * 230;
    return `<circle class="${name}" cx="${x}" cy="20" r="5" /><text x="${x + 12}" y="24">${titleOf(name)}</text>`;
  });
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

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
