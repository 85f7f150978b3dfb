import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { readOptions, usage, type Run } from './options.js';
import { goalsOf } from './report/goals.js';
import { writeReport } from './report/page.js';
import { tableOf } from './report/table.js';
import { describe } from './results/machine.js';
import type { BenchResult } from './results/result.js';
import { keep } from './results/store.js';
import { workloads } from './workloads/workloads.js';

const args = process.argv.slice(2);
if (args[0] === 'report') console.log((await writeReport()).join('\n'));
else if (args.includes('--help')) console.log(usage);
else await start();

async function start(): Promise<void> {
  let run: Run;
  try {
    run = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exitCode = 1;
    return;
  }
  if (run.node === undefined) await bench(run);
  else benchOn(run.node);
}

async function bench({ chosen, settings, isFull }: Run): Promise<void> {
  const result: BenchResult = { ...describe(), workloads: [] };
  for (const name of chosen) {
    console.error(`${name} …\n`);
    try {
      const measured = await workloads[name]!(settings);
      result.workloads.push(...measured);
      for (const one of measured) console.log(await tableOf(one));
    } catch (error) {
      console.error(`${name} has failed:`, error);
      process.exitCode = 1;
    }
  }
  console.log(await goalsOf(result));
  console.log(`Written to ${await keep(result, { isFull: isFull && !process.exitCode })}.`);
}

/** The same again on another Node, so that one run is of one version. */
function benchOn(node: string): void {
  const others = args.filter((arg, index) => !arg.startsWith('--node') && args[index - 1] !== '--node');
  const { status, error } = spawnSync(node, [process.argv[1]!, ...others], { stdio: 'inherit' });
  if (error) throw new Error(`--node is ${node}, which does not run.`, { cause: error });
  process.exitCode = status ?? 1;
}
