import { expect, test } from 'vitest';
import { emptyCoverage } from '../../../../src/testing/coverage/coverage.js';
import { printCoverage } from '../../../../src/testing/coverage/print.js';
import { sampleCoverage } from './sample.js';

test('printCoverage() shows for each part of the contract whether it was exercised', () => {
  expect(printCoverage(sampleCoverage())).toBe(
    `
Contract coverage of 1 app

ChatGateway on /
  handlers
    ✓ join   12×    ✓ ack 11×, an error 1×
    ✓ leave  1×     ✗ ack never asked for
    ✓ say    3×     ✗ ack asked for 2×, never seen
    ✗ shout  never
  events
    ✓ said     7×
    ✗ shouted  never

PresenceGateway on /presence
  no handlers, no events

Events that no gateway's code names
  ✓ exception on /  1×

Refusals, by stage
  ✓ namespace  2×
  ✗ never: handshake, gateway

Disconnections, by reason
  ✓ client namespace disconnect  5×
  ✗ never: server namespace disconnect, transport close, transport error, ping timeout,
           parse error, forced close, server shutting down, forced server close

Covered
  handlers   75 %  3 of 4  received their event
  acks       50 %  1 of 2  were given, of the handlers that return a value or take @Ack()
  events     50 %  1 of 2  reached a client, of those that the gateways' code names
`.trim(),
  );
});

test('printCoverage() does not count acks that were always errors as covered', () => {
  const handler = {
    event: 'save',
    method: 'save',
    received: 2,
    answers: true,
    asked: 2,
    acked: 0,
    failed: 2,
  };
  const gateways = [{ name: 'Gateway', namespace: '/', handlers: [handler], events: [] }];
  const text = printCoverage(sampleCoverage({ gateways }));
  expect(text).toContain('\n    ✓ save  2×  ✗ ack 2×, always an error\n');
  expect(text).toContain('\n  acks        0 %  0 of 1  were given');
});

test('printCoverage() stays within 96 columns', () => {
  const lines = printCoverage(sampleCoverage()).split('\n');
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(96);
});

test('printCoverage() omits empty sections', () => {
  const refusals = { handshake: 1, namespace: 1, gateway: 1 };
  const text = printCoverage({ ...emptyCoverage(), apps: 2, refusals, disconnects: {} });
  expect(text).toBe(
    `
Contract coverage of 2 apps

Refusals, by stage
  ✓ handshake  1×
  ✓ namespace  1×
  ✓ gateway    1×

Covered
  handlers  100 %  0 of 0  received their event
  acks      100 %  0 of 0  were given, of the handlers that return a value or take @Ack()
  events    100 %  0 of 0  reached a client, of those that the gateways' code names
`.trim(),
  );
});
