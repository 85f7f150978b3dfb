import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { isPinned } from '../processes/pinning.js';
import { root } from '../root.js';
import type { BenchResult } from './result.js';

const packages = ['@nestjs/core', '@nestjs/platform-socket.io', 'socket.io', 'ws'];

/** When, where and with what a run was made. */
export function describe(): Omit<BenchResult, 'workloads'> {
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      isPinned,
    },
    versions: Object.fromEntries(packages.map(versionOf)),
  };
}

function versionOf(name: string): [name: string, version: string] {
  // Read, since not every package exports it.
  const manifest = readFileSync(`${root}node_modules/${name}/package.json`, 'utf8');
  return [name, (JSON.parse(manifest) as { version: string }).version];
}
