import type { INestApplication } from '@nestjs/common';
import { discoverGateways } from '../observer/gateways.js';
import type { ArrivalListener } from '../observer/observed-socket.js';
import type { Timeline } from '../timeline/timeline.js';
import { CoverageObserver } from './coverage-observer.js';
import { COVERAGE_DIR, writeCoverage } from './directory.js';

/** What an app calls while its coverage is observed. */
export interface ObservedCoverage {
  readonly onArrival: ArrivalListener;
  /** Call this when the app is closed. */
  readonly write: () => void;
}

/**
 * Observes an app's coverage from now on if `REALTIME_COVERAGE_DIR` is set; otherwise does nothing.
 *
 * @param node the app's node, in a cluster
 */
export function observeCoverage(
  nest: INestApplication,
  timeline: Timeline,
  node?: number,
): ObservedCoverage | undefined {
  const directory = process.env[COVERAGE_DIR];
  if (!directory) return undefined;
  const observer = new CoverageObserver(discoverGateways(nest));
  timeline.onRecord((entry) => {
    if (entry.node === node) observer.note(entry);
  });
  return {
    onArrival: (arrival) => observer.noteArrival(arrival),
    write: () => writeCoverage(directory, observer.coverage),
  };
}
