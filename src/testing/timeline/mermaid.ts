import type { TimelineEntry } from './entry.js';

/** Entries as a Mermaid sequence diagram. */
export function toMermaid(_entries: readonly TimelineEntry[], _dropped: number): string {
  return 'sequenceDiagram';
}
