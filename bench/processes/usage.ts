import { readFileSync } from 'node:fs';

/** What a process has used since it began, in milliseconds. */
export interface Usage {
  /** On the CPU, with all its threads. */
  cpu: number;
  /** Ready to go on, while others had the core; 0 where the system does not tell. */
  waited: number;
}

export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1000, waited: waited() };
}

const NANOSECONDS = 1_000_000;

function waited(): number {
  try {
    const [, waiting] = readFileSync('/proc/self/schedstat', 'utf8').split(' ');
    return Number(waiting) / NANOSECONDS;
  } catch {
    return 0; // only Linux has it
  }
}
