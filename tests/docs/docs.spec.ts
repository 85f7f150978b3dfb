import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { matchers } from 'nest-realtime-kit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocksOf, isPrinting, pages, read, type Block } from '../integration/support/docs/blocks.js';
import { extract, fileOf, isWhole, titleOf } from '../integration/support/docs/extract.js';
import { compile, runTests, type Result } from '../integration/support/docs/run.js';
import { elided, stable } from '../integration/support/docs/stable.js';

/* Every code block of the README and of docs/ is run, or stands to the letter in a file that another test runs. */

const blocks = pages.flatMap(blocksOf);
const quoted = blocks.filter(({ quotes }) => quotes);
const extracted = blocks.filter(({ language, info, quotes }) => language === 'ts' && info !== 'before' && !quotes);
const isModule = (block: Block): boolean => !/\.(?:passes|fails)\.ts$/.test(fileOf(block));

let directory: string;
let results: Result[];
let output: string;
let complaints: Map<string, string[]>;

beforeAll(async () => {
  directory = extract(extracted);
  [{ results, output }, complaints] = await Promise.all([runTests(directory), compile(directory)]);
}, 120_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The tests that a block is, or has. */
function resultsOf(block: Block): Result[] {
  const own = results.filter(({ file }) => file === fileOf(block));
  return isWhole(block) ? own : own.filter(({ title }) => title === titleOf(block));
}

/** What a block has printed: of one that fails, the failure without its stack. */
function printedBy(block: Block): string {
  const [result] = resultsOf(block);
  if (block.info === 'prints') return (result?.meta.printed ?? []).join('\n');
  // Vitest tells the errors of a teardown twice.
  const messages = (result?.failureMessages ?? []).map((message) => message.split(/\n {4}at /)[0]);
  return [...new Set(messages)].join('\n\n');
}

function complaintsOf(block: Block): string[] {
  const last = block.line + block.code.split('\n').length;
  return (complaints.get(fileOf(block)) ?? []).filter((complaint) => {
    const line = Number(/\((\d+),/.exec(complaint)?.[1]);
    return line >= block.line && line <= last;
  });
}

/** The extracted files that import a block which is no test. */
function importersOf(block: Block): string[] {
  const specifier = `'./${block.info.replace(/\.ts$/, '.js')}'`;
  return readdirSync(directory).filter(
    (name) => name.endsWith('.ts') && readFileSync(`${directory}/${name}`, 'utf8').includes(specifier),
  );
}

/** Makes the reporters that a configuration names, as Vitest would. */
async function expectReporters(block: Block): Promise<void> {
  const { default: config } = (await import(`${directory}/${fileOf(block)}`)) as {
    default: { test: { reporters: (string | [name: string, options: object])[] } };
  };
  const own = config.test.reporters.map((one) => [one].flat()).filter(([name]) => name !== 'default');
  expect(own).not.toEqual([]);
  for (const [name, options] of own as [string, object?][]) {
    const { default: Reporter } = (await import(name)) as { default: new (given?: object) => object };
    expect(() => new Reporter(options)).not.toThrow();
  }
}

describe.each(extracted.map((block) => ({ title: titleOf(block), block })))('$title', ({ block }) => {
  test('compiles', () => expect(complaintsOf(block)).toEqual([]));

  if (isModule(block)) return;

  const outcome = block.info === 'fails' ? 'failed' : 'passed';
  test(`has ${outcome}`, () => {
    const outcomes = resultsOf(block).map(({ status, failureMessages }) =>
      status === outcome ? outcome : [status, ...failureMessages].join('\n'),
    );
    expect(new Set(outcomes.length > 0 ? outcomes : ['was not run', output])).toEqual(new Set([outcome]));
  });

  if (!isPrinting(block)) return;

  test('prints what the page shows', () => {
    const told = stable(block.printed?.code ?? '');
    expect(elided(stable(printedBy(block)), told)).toBe(told);
  });
});

const modules = extracted.filter(isModule).map((block) => ({ title: titleOf(block), block }));
const isConfiguration = ({ block }: { block: Block }): boolean => block.info.endsWith('.config.ts');

test.each(modules.filter((one) => !isConfiguration(one)))('$title is imported by a block that runs', ({ block }) =>
  expect(importersOf(block)).not.toEqual([]),
);

test.each(modules.filter(isConfiguration))('$title names existing reporters with valid options', ({ block }) =>
  expectReporters(block),
);

test.each(quoted.map((block) => ({ title: titleOf(block), block })))(
  '$title is identical to the file that it names',
  ({ block }) => {
    expect(block.quotes).toMatch(/^tests\/(?:package|(?:integration|cluster)\/recipes)\//);
    expect(read(block.quotes!)).toBe(block.code);
  },
);

test('every compiler error belongs to a code block', () => {
  const told = new Set(extracted.flatMap(complaintsOf));
  expect([...complaints.values()].flat().filter((complaint) => !told.has(complaint))).toEqual([]);
});

test('every code block is run, quoted from a file, or a shell command', () => {
  const known = (block: Block): boolean => {
    if (block.quotes) return true;
    if (block.language === 'sh') return block.info === '';
    if (block.language !== 'ts') return false;
    return isWhole(block)
      ? /^(?:fails|before|[\w.-]+\.ts|)$/.test(block.info)
      : /^(?:fails|before|prints|)$/.test(block.info);
  };
  expect(blocks.filter((block) => !known(block)).map(titleOf)).toEqual([]);
  expect(blocks.filter((block) => isPrinting(block) && !block.printed).map(titleOf)).toEqual([]);
});

const commands = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n'));
const manifest = JSON.parse(read('package.json')) as Record<
  'scripts' | 'peerDependencies' | 'devDependencies',
  Record<string, string>
>;

test('npm install in the docs names only packages that package.json knows', () => {
  const installed = commands
    .filter((command) => command.startsWith('npm install '))
    .flatMap((command) => command.replace(/#.*/, '').trim().split(/ +/).slice(2))
    .filter((word) => !word.startsWith('-'))
    .map((word) => word.replace(/@\d+$/, ''));
  expect(installed.length).toBeGreaterThan(0);
  const known = { ...manifest.peerDependencies, ...manifest.devDependencies, 'nest-realtime-kit': '' };
  expect(installed.filter((name) => !(name in known))).toEqual([]);
});

test('every pnpm command in the docs is a script of package.json', () => {
  const scripts = pages.flatMap((page) => [...read(page).matchAll(/pnpm(?:@12)? ([a-z:]+)/g)].map(([, name]) => name!));
  expect(scripts.length).toBeGreaterThan(0);
  expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
});

test('every assertion has a heading with an example that fails below it', () => {
  const failing = blocks.filter(({ page, info }) => page === 'docs/reference/assertions.md' && info === 'fails');
  const told = new Set(failing.flatMap(({ heading }) => heading.split(', ')));
  expect(Object.keys(matchers).filter((name) => !told.has(name))).toEqual([]);
});

test("the table of the app's options matches the declared options", () => {
  const [, table = ''] = read('docs/guides/getting-started.md').split("## The app's options");
  const told = [...table.split('\n## ')[0]!.matchAll(/^\| `(\w+)/gm)].map(([, name]) => name!);
  const options = ['start-test-app', 'running-app'].flatMap((file) => {
    const [, declared = ''] = read(`src/testing/app/${file}.ts`).split(/export interface (?:Test)?AppOptions.*\{\n/);
    return [...declared.split('\n}')[0]!.matchAll(/^ {2}(\w+)\??[:(]/gm)].map(([, name]) => name!);
  });
  expect(told.toSorted()).toEqual(options.toSorted());
});

test('every REALTIME_ variable in the docs is read by the harness', () => {
  const named = pages.flatMap((page) => read(page).match(/\bREALTIME_\w+/g) ?? []);
  expect(named.length).toBeGreaterThan(0);
  const known = ['src/testing/timing/deadline.ts', 'src/testing/coverage/directory.ts'].map(read).join('');
  expect(named.filter((name) => !known.includes(`'${name}'`))).toEqual([]);
});

test('every relative link in the docs resolves', () => {
  const anchors = (page: string): string[] =>
    [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    );
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)\s]*)\)/g)].flatMap(([, link = '']) => {
      if (/^https?:/.test(link)) return [];
      const [path = '', anchor] = link.split('#');
      const target = path ? new URL(path, `file:///${page}`).pathname.slice(1) : page;
      const leads = pages.includes(target)
        ? anchor === undefined || anchors(target).includes(anchor)
        : existsSync(new URL(`../../${target}`, import.meta.url));
      return leads ? [] : [`${page}: ${link}`];
    }),
  );
  expect(broken).toEqual([]);
});
