// Adds up Vitest's JSON reports, given as arguments: names what failed, with the beginning of why, and prints one last
// line: `N passed, N failed`. A skipped test fails the gate: everything is meant to have run.
import { readFileSync } from 'node:fs';

const LINES_OF_A_FAILURE = 15;

function tell(title, messages) {
  console.error(`\nFAILED ${title}`);
  for (const message of messages) console.error(message.split('\n').slice(0, LINES_OF_A_FAILURE).join('\n'));
}

let [passed, failed, skipped] = [0, 0, 0];
for (const path of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  passed += report.numPassedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  if (report.numTotalTests === 0) {
    tell(path, ['No test has run.']);
    failed += 1;
  }
  for (const file of report.testResults) {
    const failures = file.assertionResults.filter((test) => test.status === 'failed');
    for (const test of failures) tell(test.fullName, test.failureMessages);
    const brokenFile = file.status === 'failed' && failures.length === 0;
    if (brokenFile) tell(file.name, [file.message]);
    failed += failures.length + (brokenFile ? 1 : 0);
  }
}
if (skipped > 0) {
  console.error(`${skipped} tests were skipped`);
  process.exitCode = 1;
}
console.log(`${passed} passed, ${failed} failed`);
