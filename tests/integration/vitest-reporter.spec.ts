import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as base, expect } from 'vitest';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const MIB = 1024 * 1024;

interface Reports {
  directory: string;
  /** The file that GitHub shows of a step. */
  summary: string;
  /** @returns what Vitest printed */
  run(filter?: string): Promise<string>;
}

const test = base.extend<{ reports: Reports }>({
  // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the source which fixtures a fixture needs
  reports: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'reports-'));
    const summary = join(directory, 'summary');
    await writeFile(summary, '');
    await use({ directory, summary, run: (filter = '.') => runVitest(directory, summary, filter) });
    await rm(directory, { recursive: true });
  },
});

function runVitest(directory: string, summary: string, filter: string): Promise<string> {
  const reporters = ['default', 'junit', 'nest-realtime-kit/testing/vitest/reporter'];
  const args = [
    source('../../node_modules/vitest/vitest.mjs'),
    'run',
    'timelines.case.ts',
    `--config=${source('support/vitest-cases/vitest.config.ts')}`,
    `--outputFile.junit=${join(directory, 'junit.xml')}`,
    `--testNamePattern=${filter}`,
    ...reporters.map((reporter) => `--reporter=${reporter}`),
  ];
  const env = { ...process.env, GITHUB_STEP_SUMMARY: summary, NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

async function timelinesIn(directory: string): Promise<Record<string, string>> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.md')).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  // The end of a name tells tests apart; it comes from the path of the file.
  return Object.fromEntries(files.map((file, index) => [file.replace(/-[0-9a-f]{8}\./, '.'), texts[index]!]));
}

test(
  'the reporter writes the timeline of every failed test beside the JUnit report and into the job summary',
  { timeout: 120_000 },
  async ({ reports: { directory, summary, run } }) => {
    const printed = await run();
    const timelines = await timelinesIn(directory);
    expect(Object.keys(timelines)).toEqual([
      'timelines-case-ts-a-chat-keeps-quiet-b-about-b-this.timeline.md',
      'timelines-case-ts-fails-in-an-app-that-others-share.timeline.md',
      'timelines-case-ts-leaves-an-error-behind.timeline.md',
      'timelines-case-ts-leaves-an-expectation-behind.timeline.md',
    ]);
    const [inVain, inShared, error, forgotten] = Object.values(timelines) as [string, string, string, string];
    expect(inVain).toContain(String.raw`# a chat \> keeps "quiet" / \<b\>about\</b\> ..\\this`);
    expect(inVain).toContain(`Expected bob to receive "said" ('\`\`\`\\nend\\n\`\`\`\`') within 1000 ms.`);
    expect(inVain).toContain('participant p1 as bob');
    expect(inVain).toContain('✗ bob to receive "said"');
    expect(forgotten).toContain('This expectation was not awaited: await expect(…).toReceive(…)');
    expect(forgotten).toContain('participant p1 as alice');
    expect(error).toContain('The server logged');
    expect(error).toContain('✗ error [WsExceptionsHandler] ChatGateway.throw<br/>failed on "throw" of client ');
    const timeline = inShared.slice(inShared.indexOf('```mermaid'));
    expect(timeline).toContain('frank connected to /');
    expect(timeline).not.toContain('erin');
    expect(printed).toContain('Timelines of 4 failed tests: ');
    expect(printed).not.toContain('Cannot annotate');

    const shown = await readFile(summary, 'utf8');
    for (const text of Object.values(timelines)) expect(shown).toContain(text);
  },
);

test(
  'the reporter lists the timelines that do not fit into a nearly full job summary',
  { timeout: 120_000 },
  async ({ reports: { directory, summary, run } }) => {
    await truncate(summary, MIB - 128 * 1024 - 100);
    await run('others share');
    expect((await stat(summary)).size).toBeLessThan(MIB);
    expect((await readFile(summary, 'utf8')).slice(-400)).toMatch(
      /\*\*The timelines of 1 more failed tests did not fit in here; .+:\*\*\n\n- `timelines-case-ts-fails-in-an-app-that-others-share-.{8}\.timeline\.md`\n$/,
    );
    expect(Object.keys(await timelinesIn(directory))).toHaveLength(1);
  },
);
