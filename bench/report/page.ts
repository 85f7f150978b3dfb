import { readFile, writeFile } from 'node:fs/promises';
import { keptResults } from '../results/store.js';
import type { BenchResult } from '../results/result.js';
import { root } from '../root.js';
import { goalsOf } from './goals.js';
import { growthPlotOf } from './growth-plot.js';
import { plotOf } from './plot.js';
import { tableOf } from './table.js';

const folder = 'docs/explanations/';
const page = `${folder}performance.md`;
const figures = /(?<=<!-- figures -->\n)[^]*(?=<!-- end of figures -->)/;

/** The files of docs/ that tell the results that are kept, by their paths: the page, and a plot for each result. */
export async function reportOf(before: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const sections = [];
  for (const { name, result } of await keptResults()) {
    const plot = `performance-${name}.svg`;
    const growthPlot = growthPlotOf(result);
    files.set(`${folder}${plot}`, plotOf(result));
    if (growthPlot) files.set(`${folder}${growthNameOf(name)}`, growthPlot);
    sections.push(await sectionOf(result, plot, growthPlot && growthNameOf(name)));
  }
  if (!figures.test(before)) throw new Error(`${page} has no "<!-- figures -->" and "<!-- end of figures -->".`);
  return files.set(page, before.replace(figures, `\n${sections.join('\n')}\n`));
}

/** Writes them. Returns their paths. */
export async function writeReport(): Promise<string[]> {
  const files = await reportOf(await readFile(`${root}${page}`, 'utf8'));
  for (const [path, text] of files) await writeFile(`${root}${path}`, text);
  return [...files.keys()];
}

function growthNameOf(name: string): string {
  return `performance-growth-${name}.svg`;
}

async function sectionOf(result: BenchResult, plot: string, growthPlot: string | undefined): Promise<string> {
  const { date, machine, versions, workloads } = result;
  const { node, cpu, cores, platform, isPinned } = machine;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const tables = await Promise.all(workloads.map(tableOf));
  return [
    `### Node ${node}\n`,
    `${date}, ${cpu}, ${cores} cores, ${platform}${isPinned ? '' : ', not bound to cores'}; ${packages.join(', ')}.\n`,
    `![Ratios to bare Socket.IO on Node ${node}](${plot})\n`,
    await goalsOf(result),
    ...(growthPlot ? [`![Costs as connections grow on Node ${node}](${growthPlot})\n`] : []),
    ...tables,
  ].join('\n');
}
