import { fileURLToPath } from 'node:url';

const [, packageName, className, member] = /^(.+)\/(\w+)#(\w+)$/.exec(process.env.RENAME ?? '') ?? [];

/** A file of the package, with its member renamed: where it is defined, and wherever it is used of an object. */
export function renamed(file, source) {
  if (!file.replaceAll('\\', '/').includes(`/node_modules/${packageName}/`)) return source;
  // Nest has many methods of this name, among them one by which every app is made.
  if (member === 'create' && !source.includes(`class ${className}`)) return source;
  const used = new RegExp(
    `(?<=\\.)${member}\\b|(?<=^ +(/\\*.*\\*/ )?(async |get |set |static )?)${member}(?=[ (=;])`,
    'gm',
  );
  return source.replaceAll(used, `${member}Renamed`);
}

/** A hook of Node's for modules: https://nodejs.org/api/module.html#loadurl-context-nextload */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (loaded.format !== 'module' || !url.startsWith('file:')) return loaded;
  return { ...loaded, source: renamed(fileURLToPath(url), String(loaded.source)) };
}
