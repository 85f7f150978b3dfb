/** The median, and between which values the middle half lies. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export interface Standing {
  value: Spread;
  /** The ratios to others, taken within each round, by their names. */
  to: Record<string, Spread>;
}

/** One thing that was measured of each contestant. */
export interface Metric {
  name: string;
  unit: string;
  better: 'more' | 'less';
  /** By the contestants' names. */
  standings: Record<string, Standing>;
}

/** Parts of the time of a load, from 0 to 1. */
export interface Busy {
  /** The server was on the CPU. */
  server: number;
  /** It had work, and others had its core. */
  waiting: number;
  /** Its generator was on the CPU. */
  load: number;
}

export interface WorkloadResult {
  name: string;
  title: string;
  /** What was done, in a sentence. */
  how: string;
  /** How many connections there were, where it is one size of several. */
  size?: number;
  rounds: number;
  metrics: Metric[];
  /** By the contestants' names. */
  busy?: Record<string, Busy>;
}

/** What one run of the bench has measured. */
export interface BenchResult {
  date: string;
  machine: {
    node: string;
    platform: string;
    cpu: string;
    cores: number;
    /** The servers shared one core, and the load had another. */
    isPinned: boolean;
  };
  versions: Record<string, string>;
  workloads: WorkloadResult[];
}
