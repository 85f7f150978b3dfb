// What the harness costs, against the same done by hand in the same run. Contestants take turns in alternating
// order; figures are medians with the middle half of the rounds, ratios are taken within each round.
//
//   pnpm bench            every benchmark
//   pnpm bench cycle      those whose name contains "cycle"
import 'reflect-metadata';
import { cycle } from './cycle.js';
import { negatives } from './negatives.js';
import { tenFiles } from './ten-files.js';
import { timeline } from './timeline.js';

const benchmarks = { negatives, cycle, timeline, 'ten-files': tenFiles };
const filter = process.argv[2] ?? '';
const chosen = Object.entries(benchmarks).filter(([name]) => name.includes(filter));
if (chosen.length === 0) {
  console.error(`No benchmark is called "${filter}". There are: ${Object.keys(benchmarks).join(', ')}.`);
  process.exitCode = 1;
}
for (const [name, benchmark] of chosen) {
  console.log(`\n${name}`);
  for (const line of await benchmark()) console.log(`  ${line}`);
}
