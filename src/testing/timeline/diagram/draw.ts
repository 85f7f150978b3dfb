import { label } from './label.js';
import type { Participants } from './participants.js';
import type { Arrow, Step } from './step.js';

/** How much of a text is shown. A failure gets more lines. */
const SIZES = {
  arrow: { width: 48, lines: 2 },
  note: { width: 60, lines: 4 },
  failure: { width: 52, lines: 6 },
};

const LINES: Record<Arrow['style'], string> = { plain: '->>', answer: '-->>', cut: '-x', missing: '--x' };

/** A step as a line of Mermaid. */
export function drawStep(step: Step, participants: Participants): string {
  if (step.kind === 'arrow') {
    const arrow = `${participants.idOf(step.from)}${LINES[step.style]}${participants.idOf(step.to)}`;
    return `${arrow}: ${textOf(step, 'arrow')}`;
  }
  return `Note over ${participants.idOf(step.over)}: ${textOf(step, 'note')}`;
}

function textOf({ text, severity }: Step, kind: 'arrow' | 'note'): string {
  const size = severity > 0 ? SIZES.failure : SIZES[kind];
  // Each assertion that passed gets its own line.
  const lines = text.split('\n✓').map((line, index) => (index > 0 ? `✓${line}` : line));
  return lines.map((line) => label(line, size)).join('<br/>');
}
