import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../package/support/run.js';
import { NEST, OTHER_NEST } from './nest.js';

const NEST_PACKAGES = ['common', 'core', 'platform-express', 'platform-socket.io', 'testing', 'websockets'];

/** Installs the Nest that the scenarios are to run on, where that is another than this repository's. */
export default async function setup(): Promise<void> {
  if (NEST === 12 || existsSync(join(OTHER_NEST, 'node_modules/class-validator'))) return;
  await mkdir(OTHER_NEST, { recursive: true });
  await writeFile(join(OTHER_NEST, 'package.json'), JSON.stringify({ private: true }));
  const packages = [
    ...NEST_PACKAGES.map((name) => `@nestjs/${name}@${NEST}`),
    'class-transformer',
    'class-validator',
    'reflect-metadata',
    'rxjs@7',
  ];
  await run(OTHER_NEST, 'npm', 'install', '--no-audit', '--no-fund', ...packages);
}
