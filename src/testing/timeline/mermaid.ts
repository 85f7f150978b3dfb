import { drawStep } from './diagram/draw.js';
import { Participants } from './diagram/participants.js';
import { storyOf } from './diagram/story.js';
import { tintOf, type Step } from './diagram/step.js';
import type { TimelineEntry } from './entry.js';
import { LeftOut, countInWords, excerpt, noLongerKept } from './excerpt.js';

/** The maximum number of arrows and notes. Nobody reads a longer diagram. */
const MAX_STEPS = 60;

/** Entries as a Mermaid sequence diagram. A long one is cut around the failure, and says so. */
export function toMermaid(entries: readonly TimelineEntry[], dropped: number): string {
  const { steps, leaves, otherClients } = storyOf(entries);
  const shown = excerpt(steps, MAX_STEPS, ({ severity }) => severity);
  const participants = new Participants(
    shown.filter((step): step is Step => !(step instanceof LeftOut)),
    otherClients,
  );
  const remark = (text: string): Line => ({ text: `Note over ${participants.span}: ${text}` });
  const lines = shown.map((step): Line => {
    if (!(step instanceof LeftOut)) return { text: drawStep(step, participants), tint: tintOf(step) };
    return remark(step.remark(countOf(step.items)));
  });
  const body = [
    ...(dropped > 0 ? [remark(noLongerKept(dropped))] : []),
    ...(lines.length > 0 ? lines : [remark('nothing happened')]),
    ...(leaves.length > 0 ? [remark(`then the clients leave (${countInWords(countOf(leaves))})`)] : []),
  ];
  return ['sequenceDiagram', ...participants.lines.map(indent), ...painted(body).map(indent)].join('\n');
}

interface Line {
  readonly text: string;
  /** The background colour. */
  readonly tint?: string;
}

/** Consecutive lines of the same colour share one background. */
function painted(lines: readonly Line[]): readonly string[] {
  return lines.flatMap(({ text, tint }, index) => [
    ...(tint !== undefined && lines[index - 1]?.tint !== tint ? [`rect ${tint}`] : []),
    tint === undefined ? text : indent(text),
    ...(tint !== undefined && lines[index + 1]?.tint !== tint ? ['end'] : []),
  ]);
}

function indent(line: string): string {
  return `  ${line}`;
}

function countOf(steps: readonly Step[]): number {
  return steps.reduce((sum, { entries }) => sum + entries, 0);
}
