import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { formatted } from '../report/formatted.js';
import { root } from '../root.js';
import type { BenchResult } from './result.js';

const kept = `${root}bench/results`;
const passing = `${root}reports/bench`;

/** Writes a result: a full one to where the docs take it from, any other to a place that git ignores. */
export async function keep(result: BenchResult, { isFull }: { isFull: boolean }): Promise<string> {
  const directory = isFull ? kept : passing;
  const path = `${directory}/node-${result.machine.node.split('.')[0]}.json`;
  await mkdir(directory, { recursive: true });
  await writeFile(path, await formatted(JSON.stringify(result), 'json'));
  return relative(process.cwd(), path);
}

/** The results that are kept, newest Node first, with the names of their files. */
export async function keptResults(): Promise<{ name: string; result: BenchResult }[]> {
  const files = (await readdir(kept)).filter((file) => file.endsWith('.json'));
  const results = files.map(async (file) => ({
    name: file.replace('.json', ''),
    result: JSON.parse(await readFile(`${kept}/${file}`, 'utf8')) as BenchResult,
  }));
  const major = ({ result }: { result: BenchResult }): number => Number.parseInt(result.machine.node, 10);
  return (await Promise.all(results)).toSorted((one, other) => major(other) - major(one));
}
