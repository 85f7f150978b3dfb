import { SURELY_WRONG } from '../kinds/kind.js';

/** A lifeline of the diagram. */
export type Lane =
  | { readonly kind: 'client'; readonly name: string; readonly node?: number }
  /** The clients that nothing sets apart, all together. */
  | { readonly kind: 'others' }
  /** The server; of a cluster, one of its nodes. */
  | { readonly kind: 'server'; readonly node?: number }
  | { readonly kind: 'redis' };

/** One arrow, or one note, of the diagram. */
export type Step = Arrow | Note;

interface Drawn {
  readonly text: string;
  /** Of what many clients may have in common: the text without what differs. */
  readonly gist?: string;
  /** How surely it tells of a failure, 0 being not at all. */
  readonly severity: number;
  /** For how many entries of the timeline it stands. */
  readonly entries: number;
  /** Whether it is of a client's leave, as every client takes it at the end of a test. */
  readonly farewell?: boolean;
}

export interface Arrow extends Drawn {
  readonly kind: 'arrow';
  readonly from: Lane;
  readonly to: Lane;
  /** `answer` is dashed; `cut` ends in a cross; `missing` does both. */
  readonly style: 'plain' | 'answer' | 'cut' | 'missing';
}

export interface Note extends Drawn {
  readonly kind: 'note';
  readonly over: Lane;
}

export function keyOf(lane: Lane): string {
  if (lane.kind === 'client') return `client ${lane.name}`;
  return lane.kind === 'server' ? `server ${lane.node ?? ''}` : lane.kind;
}

export function lanesOf(step: Step): readonly Lane[] {
  return step.kind === 'arrow' ? [step.from, step.to] : [step.over];
}

/** The colour behind it. It is translucent, so that it goes with a light and with a dark page. */
export function tintOf({ severity }: Step): string | undefined {
  if (severity === 0) return undefined;
  return severity >= SURELY_WRONG ? 'rgba(255, 60, 60, 0.22)' : 'rgba(255, 170, 0, 0.18)';
}
