import { cycle } from '../harness/cycle.js';
import { negatives } from '../harness/negatives.js';
import { tenFiles } from '../harness/ten-files.js';
import { timeline } from '../harness/timeline.js';
import type { WorkloadResult } from '../results/result.js';
import { boot } from './boot.js';
import { broadcast } from './broadcast.js';
import { connects } from './connects.js';
import { echo } from './echo.js';
import { growth } from './growth.js';
import { heap } from './heap.js';
import type { Settings } from './settings.js';
import { severalProcesses } from './teams.js';

/** What can be measured, by name: first the gateway, then the harness. */
export const workloads: Record<string, (settings: Settings) => Promise<WorkloadResult[]>> = {
  echo,
  connects,
  broadcast,
  heap,
  growth,
  several: severalProcesses,
  boot,
  cycle,
  negatives,
  timeline,
  'ten-files': tenFiles,
};

/** What a run measures that is given no names. */
export const all = ['echo', 'connects', 'broadcast', 'heap', 'growth', 'several', 'boot', 'cycle', 'negatives'];

/** What `quick` stands for. */
export const quick = ['echo', 'connects', 'broadcast', 'boot'];
