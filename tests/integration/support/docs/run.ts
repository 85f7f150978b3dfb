import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What Vitest reports of a test. */
export interface Result {
  file: string;
  title: string;
  status: 'passed' | 'failed' | 'pending';
  failureMessages: string[];
  meta: { printed?: string[] };
}

const modules = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

/** Runs the blocks that have been written to a directory, in one run of Vitest. */
export async function runTests(directory: string): Promise<{ results: Result[]; output: string }> {
  const config = fileURLToPath(new URL('vitest.config.ts', import.meta.url));
  const report = `${directory}/report.json`;
  const args = ['run', '--config', config, '--root', directory, '--reporter', 'json', '--outputFile', report];
  const { output } = await runNode(`${modules}/vitest/vitest.mjs`, args, directory);
  if (!existsSync(report)) throw new Error(`Vitest did not report:\n${output}`);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { name: string; message: string; assertionResults: Result[] }[];
  };
  const results = testResults.flatMap(({ name, message, assertionResults }) => {
    const file = name.slice(name.lastIndexOf('/') + 1);
    if (message) throw new Error(`${file} could not be run: ${message}`);
    return assertionResults.map((result) => ({ ...result, file }));
  });
  return { results, output };
}

/** Compiles the blocks. @returns what the compiler has to say, by file */
export async function compile(directory: string): Promise<Map<string, string[]>> {
  const { stdout } = await runNode(`${modules}/typescript/bin/tsc`, ['-p', directory], directory);
  const complaints = new Map<string, string[]>();
  for (const complaint of stdout.split('\n').filter((line) => line.includes('): error TS'))) {
    const file = complaint.slice(0, complaint.indexOf('('));
    complaints.set(file, [...(complaints.get(file) ?? []), complaint]);
  }
  return complaints;
}

function runNode(script: string, args: string[], cwd: string): Promise<{ stdout: string; output: string }> {
  const options = { cwd, env: { ...process.env, CI: '', NO_COLOR: '1' }, maxBuffer: 2 ** 26 };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], options, (_error, stdout, stderr) =>
      resolve({ stdout, output: stdout + stderr }),
    );
  });
}
