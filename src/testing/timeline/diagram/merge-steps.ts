import { keyOf, lanesOf, type Note, type Step } from './step.js';

/**
 * Merges steps that need not be drawn one by one: what happens to several clients, until something else happens that
 * the server did not send; and consecutive assertions that passed.
 */
export function mergeSteps(steps: readonly Step[]): readonly Step[] {
  const gathered: Step[][] = [];
  let grouped = new Map<string, Step[]>();
  for (const step of steps) {
    const last = gathered.at(-1)?.[0];
    if (step.gist !== undefined) {
      const key = [...lanesOf(step).map(keyOf), step.kind, step.gist].join('\n');
      const same = grouped.get(key);
      if (same) {
        same.push(step);
        continue;
      }
      const alone = [step];
      grouped.set(key, alone);
      gathered.push(alone);
    } else if (last && isHolding(last) && isHolding(step) && keyOf(last.over) === keyOf(step.over)) {
      gathered.at(-1)!.push(step);
    } else {
      if (!isFromServer(step)) grouped = new Map();
      gathered.push([step]);
    }
  }
  return gathered.map(together);
}

function together(steps: readonly Step[]): Step {
  const [first] = steps as [Step];
  const entries = steps.reduce((sum, step) => sum + step.entries, 0);
  if (first.gist === undefined) return { ...first, entries, text: steps.map(({ text }) => text).join('\n') };
  if (steps.length === 1) return first;
  const text = steps.every((step) => step.text === first.text) ? first.text : first.gist;
  return { ...first, entries, text: `${text} ×${steps.length}` };
}

function isHolding(step: Step): step is Note {
  return step.kind === 'note' && step.text.startsWith('✓');
}

function isFromServer(step: Step): boolean {
  return step.kind === 'arrow' && step.from.kind !== 'client';
}
