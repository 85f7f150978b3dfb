// Adds up Vitest's JSON reports, given as arguments, and prints one line: `N passed, N failed`.
// A skipped test fails the gate: everything is meant to have run.
import { readFileSync } from 'node:fs';

let [passed, failed, skipped] = [0, 0, 0];
for (const file of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests + (report.numFailedTestSuites > 0 && report.numFailedTests === 0 ? 1 : 0);
  skipped += report.numPendingTests + report.numTodoTests;
}
if (skipped > 0) {
  console.error(`${skipped} tests were skipped`);
  process.exitCode = 1;
}
console.log(`${passed} passed, ${failed} failed`);
