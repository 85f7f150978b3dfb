import { severityOf, type TimelineEntry } from '../entry.js';
import { SURELY_WRONG } from '../kinds/kind.js';
import { isRoutine } from '../routine.js';
import { clientOf, clientsOf, contradictionOf } from '../text.js';
import { individualsOf } from './group-clients.js';
import { mergeSteps } from './merge-steps.js';
import { crossNodeArrows } from './cross-node.js';
import { stepsOf, type Lanes } from './steps-of-entry.js';
import type { Lane, Step } from './step.js';

/** All that a diagram of these entries could show, in order. `leaves` is how the clients left after a failure. */
export function storyOf(all: readonly TimelineEntry[]) {
  const first = all.find(({ kind }) => kind === 'connected' || kind === 'refused');
  const entries = all.filter((entry) => !isRoutine(entry) && !isOfBoot(entry, first) && !isSaidAlready(entry, all));
  // The `seq` of each receipt that should not have come, according to an assertion.
  const unwanted = new Set(entries.flatMap((entry) => contradictionOf(entry)?.unwanted ?? []));
  const individuals = individualsOf(entries, unwanted);
  const clients = clientsOf(entries);
  const nodes = new Map(entries.map((entry) => [clientOf(entry), entry.node]));
  const lanes: Lanes = {
    of: (name) => (individuals.has(name) ? { kind: 'client', name, node: nodes.get(name) } : OTHERS),
    knows: (name) => clients.has(name),
    server: ({ node }) => ({ kind: 'server', node }),
  };
  const hops = crossNodeArrows(entries);
  const steps = mergeSteps(
    entries.flatMap((entry) => [...(hops.get(entry.seq) ?? []), ...stepsOf(entry, lanes, unwanted.has(entry.seq))]),
  );
  const leaves = leavesOf(steps);
  const otherClients = clients.size - individuals.size;
  return { steps: steps.filter((step) => !leaves.includes(step)), leaves, otherClients };
}

const OTHERS: Lane = { kind: 'others' };

/** Whether an app logged this at boot, before its first client. It is always the same, so it tells nothing. */
function isOfBoot(entry: TimelineEntry, firstClient: TimelineEntry | undefined): boolean {
  return entry.kind === 'logged' && entry.seq < (firstClient?.seq ?? 0) && severityOf(entry) === 0;
}

/** The disconnections after a failure, which do not explain it. */
function leavesOf(steps: readonly Step[]): readonly Step[] {
  const failure = steps.findIndex(({ severity }) => severity > SURELY_WRONG);
  return failure === -1 ? [] : steps.filter(({ farewell }, index) => farewell && index > failure);
}

/** Whether another entry says the same: of both ends, or of the test and the client, only one is shown. */
function isSaidAlready(entry: TimelineEntry, all: readonly TimelineEntry[]): boolean {
  if (entry.kind === 'acted') return entry.client !== undefined;
  if (entry.kind !== 'disconnected') return false;
  const before = all.findLast(
    (other) =>
      other.seq < entry.seq &&
      (other.kind === 'connected' || other.kind === 'disconnected') &&
      other.client === entry.client,
  );
  return before?.kind === 'disconnected' && before.end !== entry.end;
}
