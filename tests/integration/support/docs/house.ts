import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

const folderOf = (path: string): string => (path.includes(sep) ? path.split(sep, 1)[0]! : '.');

/** Which folders of a half of the package import from which, as a Mermaid flowchart. */
export function houseOf(root: string): string {
  const arrows = new Map<string, Set<string>>();
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    const from = folderOf(path);
    if (from === '.') continue;
    const folders = arrows.get(from) ?? new Set<string>();
    arrows.set(from, folders);
    for (const [, target] of readFileSync(join(root, path), 'utf8').matchAll(IMPORT)) {
      const to = folderOf(join(dirname(path), target!));
      if (to !== from && to !== '..' && to !== '.') folders.add(to);
    }
  }
  const lines = [...arrows].flatMap(([from, folders]) =>
    [...folders].filter((to) => !isReachedOtherwise(from, to, arrows)).map((to) => `  ${from} --> ${to}`),
  );
  return ['```mermaid', 'flowchart TD', ...lines.toSorted(), '```'].join('\n');
}

/** Whether a folder reaches another one by way of a third. A line for that would only be in the way. */
function isReachedOtherwise(from: string, to: string, arrows: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  return [...arrows.get(from)!].some((between) => between !== to && reaches(between, to, arrows));
}

function reaches(from: string, to: string, arrows: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  return [...(arrows.get(from) ?? [])].some((next) => next === to || reaches(next, to, arrows));
}
