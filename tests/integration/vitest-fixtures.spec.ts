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
/** What went wrong with a file outside of its tests. */
const fileFailures: string[] = [];
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
    testResults: { message: string; assertionResults: Case[] }[];
  };
  for (const { message, assertionResults } of report.testResults) {
    if (message) fileFailures.push(message);
    for (const result of assertionResults) cases.set(result.title, result);
  }
}, 120_000);

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
  'expects the error in the log',
  'connects a client without the fixture, and declares an error',
  'shares the app with one that left an error and an event',
  'forgets nothing in an app of beforeEach',
  'forgets nothing beside others',
  ...['file', 'worker'].flatMap((scope) => [
    `a ${scope} starts one app`,
    `a ${scope} has the same app, without the clients and entries of the test before`,
  ]),
])('an inner test passes: %s', (title) =>
  expect(cases.get(title)).toMatchObject({ status: 'passed', failureMessages: [] }),
);

test('an assertion that nobody awaited fails its test at its line, without an unhandled rejection', () => {
  expect(failureOf('forgets an expectation that holds')).toBe(
    'Error: This expectation was not awaited: await expect(…).toReceive(…)',
  );
  expect(cases.get('forgets an expectation that holds')?.failureMessages[0]).toContain(
    `failing.case.ts:${lineOf('// forgotten')}:`,
  );
  expect(failureOf('forgets an expectation that does not hold')).toContain('This expectation was not awaited');
  for (const title of [
    'forgets an expectation in an app of beforeEach',
    'forgets an expectation about a connection',
    'forgets an expectation beside others',
  ])
    expect(failureOf(title)).toContain('This expectation was not awaited');
  for (const matcher of ['toReceive', 'toHaveLogged']) {
    expect(cases.get('forgets two')?.failureMessages).toContainEqual(
      expect.stringContaining(`await expect(…).${matcher}(…)`),
    );
  }
  expect(stderr).not.toContain('Unhandled');
});

test.each([
  'leaves an error in the log',
  'leaves an error and an event to those it shares the app with',
  'finds nobody of the test before, nor what it declared',
])('an undeclared error fails the test that caused it: %s', (title) => {
  expect(cases.get(title)?.failureMessages).toContainEqual(
    expect.stringMatching(
      /^UndeclaredErrorLogsError: The server logged errors that .+\n {2}logged:\n {4}error \[WsExceptionsHandler\] ChatGateway\.throw failed on "throw" of client <id of (bob|erin)>: the handler failed, caused by \1's "throw"\n/,
    ),
  );
});

test('an error that a test has reported is not reported again when its shared app closes', () => {
  expect(fileFailures).toEqual([]);
});

test('a test that fails by itself is not also failed for the errors that it caused', () => {
  const messages = cases.get('fails by itself, with an error in the log')?.failureMessages;
  expect(messages).toEqual([expect.stringContaining('expected 1 to be 2')]);
});

test.each(['leaves an event unread', 'leaves an error and an event to those it shares the app with'])(
  'strict mode fails a test with an unread event: %s',
  (title) => {
    expect(cases.get(title)?.failureMessages).toContainEqual(
      expect.stringMatching(
        /^LooseEndsError: Strict mode: the test left loose ends\.\n {2}unread events:\n {4}bob got "welcome"/,
      ),
    );
  },
);

test('a failure does not show what other tests did to a shared app', () => {
  const text = cases.get('fails in an app in which another test left an error')?.failureMessages.join();
  expect(text).toContain('Expected carol to receive "said" within 1000 ms.');
  expect(text).not.toContain('bob');
});

test('a failure points to the line of the assertion', () => {
  expect(cases.get('waits in vain')?.failureMessages[0]).toContain(`failing.case.ts:${lineOf('// in vain')}:`);
});

test.each([
  [
    // Vite calls a frame after what its caller, source too in these tests, calls: `apply`.
    'waits in vain',
    /Expected bob to receive "said" \('hi'\) within 1000 ms\.\n {2}but:\n {4}bob got "welcome" \({ id: '.+' }\) at .+ ms, caused by bob's connection\n {4}bob got "exception" \(.+\) at .+ ms, caused by bob's "throw"\n {2}the last event: bob's "throw" \(\) failed: the handler failed; sent "exception" to bob; logged error\n {2}because:\n {4}the server logged error \[WsExceptionsHandler\] ChatGateway\.throw failed on "throw" of client <id of bob>: the handler failed, caused by bob's "throw"\n {6}in ChatGateway\.(?:throw|apply) \(.*support\/chat\.ts:\d+:\d+\)\n/,
  ],
  ['was told otherwise', /Expected bob not to receive "welcome" \(.+\)\.\n {2}but:\n {4}bob got "welcome"/],
  [
    'hears nothing from the dead',
    /Expected bob not to receive "said"\.\n {2}but: that proves nothing, since bob is gone\n {2}because:\n {4}bob is gone: io client disconnect \(the server says: client namespace disconnect\)\n/,
  ],
  [
    'expects the dead to speak',
    /Expected bob to receive "said"\.\n[^]+ {4}bob is gone: io client disconnect \(the server says: client namespace disconnect\)\n/,
  ],
  [
    'finds no such log',
    /Expected the app to log warn \[EventsGateway\] 'Client connected: nobody' within 1000 ms\.\n {2}but:\n {4}it logged log \[/,
  ],
  [
    'finds a log that should not be',
    /Expected the app not to log \/initialized\/\.\n {2}but:\n {4}log \[InstanceLoader\] .+ dependencies initialized\n/,
  ],
  ['is let in', /Expected bob to be refused for 'banned', but it was let in\.\n {2}the last event: bob connected to/],
  [
    'is refused for another reason',
    /Expected bob to be refused for 'banned'\.\n {2}but:\n {4}bob was refused by the namespace \/nowhere: 'Invalid namespace'\n {2}namespaces there are: \/, \/news/,
  ],
  ['asks the wrong thing', /expect\(…\)\.toReceive\(\) needs a client, as connect\(\) gives it; it got the app\./],
  ['forgets a soft expectation', /This expectation was not awaited: await expect\(…\)\.toReceive\(…\)/],
  ['leaves a failing soft expectation', /Expected bob to receive "said" within 1000 ms\./],
])('an inner test fails with the expected text: %s', (title, text) => {
  expect(cases.get(title)?.status).toBe('failed');
  expect(failureOf(title)).toMatch(text);
});
