// Imports go down: a folder of `src/websocket` or `src/testing` imports, types included, only from those that stand before
// it here. What belongs to no folder stands as `.`.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

const orders = {
  'src/websocket':
    'errors socket-io options timing handshake flow nest dispatch authentication connection redis shutdown .',
  'src/testing':
    'model timing report nest socket-io settle timeline observer client statements coverage app cluster redis . vitest',
};

const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

const folderOf = (path) => (path.includes(sep) ? path.split(sep, 1)[0] : '.');

for (const [root, folders] of Object.entries(orders)) {
  const order = folders.split(' ');
  const files = readdirSync(root, { recursive: true }).filter((path) => path.endsWith('.ts'));
  for (const path of files) {
    for (const [, target] of readFileSync(join(root, path), 'utf8').matchAll(IMPORT)) {
      const [from, to] = [folderOf(path), folderOf(join(dirname(path), target))];
      const isKnown = order.includes(from) && order.includes(to);
      if (to === '..' || (isKnown && order.indexOf(to) <= order.indexOf(from))) continue;
      console.error(`${join(root, path)} imports ${target}: "${to}" is not before "${from}" in .ci/check-arrows.js.`);
      process.exitCode = 1;
    }
  }
}
