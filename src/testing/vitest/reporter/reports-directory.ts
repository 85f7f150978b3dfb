import { dirname, resolve } from 'node:path';

/** The part of Vitest's configuration that says where reports go. */
export interface ReportsConfig {
  root: string;
  outputFile?: string | Record<string, string | undefined>;
  reporters?: readonly unknown[];
}

const DEFAULT_DIRECTORY = 'reports';

/** @returns the given directory or, by default, that of the JUnit report, or else `reports` */
export function reportsDirectory(config: ReportsConfig, asked?: string): string {
  const junit = asked === undefined ? junitFile(config) : undefined;
  return resolve(config.root, asked ?? (junit === undefined ? DEFAULT_DIRECTORY : dirname(junit)));
}

/** Vitest accepts the file as an option of the reporter, and in `outputFile` for all reporters. */
function junitFile({ outputFile, reporters = [] }: ReportsConfig): string | undefined {
  const junit = reporters.map((reporter) => [reporter].flat()).find(([name]) => name === 'junit');
  const { outputFile: own } = (junit?.[1] ?? {}) as { outputFile?: string };
  if (own !== undefined) return own;
  if (typeof outputFile === 'string') return junit && outputFile;
  return outputFile?.junit;
}
