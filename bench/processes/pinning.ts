import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const cores = { servers: '0', load: '1', any: '' };

/** The contestants share one core, and the load has another, but for those who may have any. */
export type Core = keyof typeof cores;

/** Whether processes can be bound to a core here: on Linux, with two cores or more. */
export const isPinned = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0,1', 'true']).status === 0;

/** What stands before a command that is to run on a core: nothing where that cannot be. */
export function pinning(core: Core): string[] {
  return isPinned && cores[core] !== '' ? ['taskset', '-c', cores[core]] : [];
}
