import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';

interface Case {
  title: string;
  status: 'passed' | 'failed';
  failureMessages: string[];
}

const directory = fileURLToPath(new URL('support/vitest-cases', import.meta.url));
const cases = new Map<string, Case>();
let stderr = '';

beforeAll(async () => {
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
  const output = await new Promise<string>((resolve) => {
    const args = [vitest, 'run', '--config', `${directory}/vitest.config.ts`, '--reporter', 'json'];
    execFile(process.execPath, args, { env: { ...process.env, CI: '' } }, (_error, stdout, errors) => {
      stderr = errors;
      resolve(stdout);
    });
  });
  const report = JSON.parse(output.slice(output.indexOf('{'))) as {
    testResults: { assertionResults: Case[] }[];
  };
  for (const { assertionResults } of report.testResults) {
    for (const result of assertionResults) cases.set(result.title, result);
  }
}, 60_000);

/** What the failed test said, without the stack. */
function failureOf(title: string): string {
  const [failure] = cases.get(title)?.failureMessages ?? [];
  return failure?.split('\n    at ')[0] ?? 'it passed';
}

function lineOf(text: string): number {
  const lines = readFileSync(`${directory}/failing.case.ts`, 'utf8').split('\n');
  return lines.findIndex((line) => line.includes(text)) + 1;
}

test.each([
  'forgets none',
  ...['file', 'worker'].flatMap((scope) => [
    `a ${scope} starts one app`,
    `a ${scope} has the same app, without the clients and entries of the test before`,
  ]),
])('passes: %s', (title) =>
  expect(cases.get(title)).toMatchObject({ status: 'passed', failureMessages: [] }),
);

test('an expectation that nobody awaited fails its test, where it stands, and is no unhandled rejection', () => {
  expect(failureOf('forgets an expectation that holds')).toBe(
    'Error: This expectation was not awaited: await expect(…).toReceive(…)',
  );
  expect(cases.get('forgets an expectation that holds')?.failureMessages[0]).toContain(
    `failing.case.ts:${lineOf('// forgotten')}:`,
  );
  expect(failureOf('forgets an expectation that does not hold')).toContain(
    'This expectation was not awaited',
  );
  for (const matcher of ['toReceive', 'toHaveLogged']) {
    expect(cases.get('forgets two')?.failureMessages).toContainEqual(
      expect.stringContaining(`await expect(…).${matcher}(…)`),
    );
  }
  expect(stderr).not.toContain('Unhandled');
});

test('a failure is reported where the expectation stands', () => {
  expect(cases.get('waits in vain')?.failureMessages[0]).toContain(
    `failing.case.ts:${lineOf('// in vain')}:`,
  );
});

test.each([
  [
    'waits in vain',
    /bob did not receive "said" \('hi'\) within 200 ms\.\n {2}received and unread: "welcome" \({ id: '.+' }\)\n {2}received and unread: "exception" \(.+\)\n {2}the server logged: error \[WsExceptionsHandler\] Error: the handler failed$/,
  ],
  [
    'was told otherwise',
    /bob was not to receive "welcome" \({ id: '.+' }\), but did: "welcome" \({ id: '.+' }\)\.$/,
  ],
  [
    'hears nothing from the dead',
    /bob was not to receive "said", but its silence proves nothing: it is gone \(io client disconnect\)\.$/,
  ],
  [
    'expects the dead to speak',
    /bob did not receive "said" and cannot any more: it is gone \(io client disconnect\)\./,
  ],
  [
    'finds no such log',
    /The app did not log warn \[EventsGateway\] 'Client connected: nobody' within 200 ms\.\n {2}it logged: log \[/,
  ],
  [
    'finds a log that should not be',
    /The app was not to log \/initialized\/, but did: log \[InstanceLoader\] .+ dependencies initialized\.$/,
  ],
  ['is let in', /bob was expected to be refused for 'banned', but was let in\.$/],
  [
    'is refused for another reason',
    /The client was expected to be refused for 'banned'\.\n {2}what happened: bob was refused by the namespace: Invalid namespace/,
  ],
  [
    'asks the wrong thing',
    /expect\(…\)\.toReceive\(\) needs a client, as connect\(\) gives it; it got object\.$/,
  ],
  ['leaves a failing soft expectation', /bob did not receive "said" within 200 ms\./],
])('%s', (title, text) => {
  expect(cases.get(title)?.status).toBe('failed');
  expect(failureOf(title)).toMatch(text);
});
