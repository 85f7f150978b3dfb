// Imports go down, and in no circle: a folder of `src/websocket` or `src/testing` imports, types included, only from those
// that stand before it here, and no file from one that imports it. What belongs to no folder stands as `.`. Members that are
// private to another package (`socket['run']`, `server._nsps`) are named in the folders `socket-io` and `nest` alone.
// With `--map src/websocket` it prints how the folders there import each other, as a Mermaid flowchart.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

const orders = {
  'src/websocket':
    'errors socket-io options timing handshake flow nest dispatch authentication connection redis shutdown .',
  'src/testing':
    'model timing report nest socket-io settle timeline link observer child client crowd matchers coverage history workload app cluster contract redis . vitest',
};

const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

const PRIVATE_MEMBER =
  /\b[a-z]\w*(?:\([^)]*\))?\['[a-z_]\w*'\]|\b(?:server|namespace|socket|nsp|engine|conn|io)\._\w+/g;

const folderOf = (path) => (path.includes(sep) ? path.split(sep, 1)[0] : '.');

function complain(text) {
  console.error(text);
  process.exitCode = 1;
}

/** Follows the imports of a file. @returns the files of a circle, if it comes to one */
function circleFrom(file, imports, isDone, path = []) {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
  if (isDone.has(file)) return undefined;
  for (const imported of imports.get(file) ?? []) {
    const circle = circleFrom(imported, imports, isDone, [...path, file]);
    if (circle) return circle;
  }
  isDone.add(file);
  return undefined;
}

/** Without what a folder reaches by way of another one: a line for that would only be in the way. */
function mapOf(imports) {
  const arrows = new Map();
  for (const [path, targets] of imports) {
    for (const to of targets.map(folderOf)) {
      const from = folderOf(path);
      if (from !== to && ![from, to].some((folder) => ['.', '..'].includes(folder)))
        arrows.set(from, (arrows.get(from) ?? new Set()).add(to));
    }
  }
  const reaches = (from, to) => [...(arrows.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  const lines = [...arrows].flatMap(([from, folders]) =>
    [...folders]
      .filter((to) => ![...folders].some((between) => between !== to && reaches(between, to)))
      .map((to) => `  ${from} --> ${to}`),
  );
  return ['flowchart TD', ...lines.toSorted()].join('\n');
}

const [, , option, mapped] = process.argv;

for (const [root, folders] of Object.entries(orders)) {
  const order = folders.split(' ');
  const imports = new Map();
  for (const path of readdirSync(root, { recursive: true }).filter((name) => name.endsWith('.ts'))) {
    const source = readFileSync(join(root, path), 'utf8');
    if (!['socket-io', 'nest'].includes(folderOf(path))) {
      for (const [member] of source.matchAll(PRIVATE_MEMBER))
        complain(`${join(root, path)} has ${member}: what is private to a package belongs into socket-io/ or nest/.`);
    }
    const targets = [...source.matchAll(IMPORT)].map(([, target]) => target);
    imports.set(
      path,
      targets.map((target) => join(dirname(path), target.replace(/\.js$/, '.ts'))),
    );
    for (const target of targets) {
      const [from, to] = [folderOf(path), folderOf(join(dirname(path), target))];
      const isKnown = order.includes(from) && order.includes(to);
      if (to === '..' || (isKnown && order.indexOf(to) <= order.indexOf(from))) continue;
      complain(`${join(root, path)} imports ${target}: "${to}" is not before "${from}" in .ci/check-structure.js.`);
    }
  }
  if (option === '--map' && root === mapped) console.log(mapOf(imports));
  const isDone = new Set();
  const circle = [...imports.keys()].map((file) => circleFrom(file, imports, isDone)).find(Boolean);
  if (circle) complain(`${root}: a circle of imports: ${circle.join(' -> ')}`);
}
