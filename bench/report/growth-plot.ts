import type { ContestantName } from '../contestants/contestants.js';
import type { BenchResult, WorkloadResult } from '../results/result.js';
import { figure } from './figures.js';
import { MARGIN, WIDTH, round, svg } from './svg.js';

const TOP = 48;
const HEIGHT = 220;
const HEAD = 28;
const AXIS = 24;
const LABELS = 44;
const TICKS = 4;

const shown: ContestantName[] = ['bare', 'nest', 'kit'];

/** What one of something costs at a number of connections, as SVG: a panel for each metric. Undefined where nothing of it was measured. */
export function growthPlotOf({ machine, workloads }: BenchResult): string | undefined {
  const sizes = workloads.filter((workload): workload is Sized => workload.size !== undefined);
  if (sizes.length === 0) return undefined;
  const panels = sizes[0]!.metrics.map(({ name, unit }) => ({ name, unit }));
  const width = (WIDTH - MARGIN) / panels.length;
  return svg(
    `Costs as connections grow on Node ${machine.node}`,
    TOP + HEAD + HEIGHT + AXIS + MARGIN,
    shown,
    panels.flatMap((panel, index) => panelOf(panel, sizes, MARGIN + index * width, width - MARGIN)),
  );
}

type Sized = WorkloadResult & { size: number };

function panelOf(
  { name, unit }: { name: string; unit: string },
  sizes: readonly Sized[],
  left: number,
  width: number,
): string[] {
  const values = (contestant: ContestantName): number[] =>
    sizes.map(({ metrics }) => metrics.find((one) => one.name === name)!.standings[contestant]!.value.median);
  const highest = 1.1 * Math.max(...shown.flatMap(values));
  const [first, last] = [sizes[0]!.size, sizes.at(-1)!.size];
  const bottom = TOP + HEAD + HEIGHT;
  const x = (size: number): number =>
    round(left + LABELS + (Math.log(size / first) / Math.log(last / first)) * (width - LABELS - MARGIN));
  const y = (value: number): number => round(bottom - (value / highest) * HEIGHT);
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => (index / TICKS) * highest);
  return [
    `<text class="head" x="${round(left)}" y="${TOP + 12}">${name}, ${unit}</text>`,
    ...ticks.flatMap((tick) => [
      `<line class="grid" x1="${x(first)}" x2="${x(last)}" y1="${y(tick)}" y2="${y(tick)}" />`,
      `<text class="tick" x="${round(left + LABELS / 2)}" y="${y(tick) + 4}">${figure(tick)}</text>`,
    ]),
    ...sizes.map(({ size }) => `<text class="tick" x="${x(size)}" y="${bottom + AXIS - 4}">${size / 1_000}k</text>`),
    ...shown.flatMap((contestant) => {
      const points = values(contestant).map((value, index) => [x(sizes[index]!.size), y(value)] as const);
      return [
        `<polyline class="line ${contestant}" points="${points.map((point) => point.join(',')).join(' ')}" />`,
        ...points.map(([cx, cy]) => `<circle class="${contestant}" cx="${cx}" cy="${cy}" r="4" />`),
      ];
    }),
  ];
}
