import { execFile, type ExecFileException } from 'node:child_process';
import { delimiter, join } from 'node:path';

/**
 * Runs a command as `npm run` does: what is installed in the directory comes first, Node included.
 *
 * @returns all that it printed
 * @throws Error when it fails, or does not exit by itself in time
 */
export async function run(directory: string, command: string, ...args: string[]): Promise<string> {
  const { error, output } = await execute(directory, command, args);
  if (!error) return output;
  const what = error.killed ? 'did not exit' : 'failed';
  throw new Error(`${command} ${args.join(' ')} ${what}:\n${output}`, { cause: error.code });
}

/**
 * Runs a command that is to fail.
 *
 * @returns all that it printed
 * @throws Error when it succeeds, or does not exit by itself in time
 */
export async function runToFailure(directory: string, command: string, ...args: string[]): Promise<string> {
  const { error, output } = await execute(directory, command, args);
  if (error && !error.killed) return output;
  const what = error ? 'did not exit' : 'succeeded';
  throw new Error(`${command} ${args.join(' ')} ${what}:\n${output}`);
}

interface Outcome {
  error: ExecFileException | null;
  output: string;
}

function execute(directory: string, command: string, args: string[]): Promise<Outcome> {
  const PATH = [join(directory, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const options = { cwd: directory, env: { ...process.env, PATH, NO_COLOR: '1' }, timeout: 120_000 };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => resolve({ error, output: `${stdout}\n${stderr}` }));
  });
}
