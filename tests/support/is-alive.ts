import { existsSync, readFileSync } from 'node:fs';

/** Whether a process runs. One that has ended, but whose parent has not noticed yet, does not. */
export function isAlive(pid: number): boolean {
  if (!existsSync('/proc/self/stat')) return canBeSignalled(pid);
  try {
    // The state follows the name of the process, which is in brackets.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function canBeSignalled(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
