import { SURELY_WRONG } from '../kinds/kind.js';

/** A lifeline of the diagram. */
export type Lane =
  | { readonly kind: 'client'; readonly name: string; readonly node?: number }
  /** All clients that are not drawn individually. */
  | { readonly kind: 'others' }
  /** The server or, in a cluster, one of its nodes. */
  | { readonly kind: 'server'; readonly node?: number }
  | { readonly kind: 'redis' };

export type Step = Arrow | Note;

interface Drawn {
  readonly text: string;
  /** If the step may be merged with those of other clients: the text without what differs. */
  readonly gist?: string;
  /** How certainly it means a failure; 0 means not at all. */
  readonly severity: number;
  /** How many entries of the timeline it stands for. */
  readonly entries: number;
  /** Whether it may only be due to the disconnection of clients at the end of a test. */
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

/** The background colour. It is translucent, so that it suits light and dark pages. */
export function tintOf({ severity }: Step): string | undefined {
  if (severity === 0) return undefined;
  return severity >= SURELY_WRONG ? 'rgba(255, 60, 60, 0.22)' : 'rgba(255, 170, 0, 0.18)';
}
