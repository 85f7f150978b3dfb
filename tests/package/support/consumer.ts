import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { run } from './run.js';

const fixture = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

export interface Consumer {
  /** The folder of `tests/package` whose files it has, beside the app of `consumer`. */
  files: string;
  /** What its `package.json` says. */
  type: 'module' | 'commonjs';
  /** The major version of its Nest. */
  nest: number;
  /** What it needs beside Nest. */
  dependencies: string[];
  /** The versions of packages further down. */
  overrides?: Record<string, string>;
}

/** A new project outside of the repository, with the package from its tarball. */
export async function createConsumer(
  name: string,
  { files, type, nest, dependencies, overrides = {} }: Consumer,
): Promise<string> {
  const directory = join(inject('workspace'), name);
  await mkdir(directory);
  await cp(fixture('consumer/chat.module.ts'), join(directory, 'chat.module.ts'));
  await cp(fixture(files), directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name, private: true, type, overrides }));
  const nestPackages = ['common', 'core', 'platform-express', 'platform-socket.io', 'websockets', 'testing'];
  const packages = [
    inject('tarball'),
    ...nestPackages.map((nestPackage) => `@nestjs/${nestPackage}@${nest}`),
    'reflect-metadata',
    'rxjs',
    'socket.io-client',
    'typescript@5',
    ...dependencies,
  ];
  await run(directory, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages);
  return directory;
}
