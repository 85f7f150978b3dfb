import { expect, test } from 'vitest';
import { emptyCoverage, type HandlerCoverage } from '../../../../src/testing/coverage/coverage.js';
import { mergeCoverage } from '../../../../src/testing/coverage/merge.js';
import { sampleCoverage } from './sample.js';

function handler(event: string, changes: Partial<HandlerCoverage> = {}): HandlerCoverage {
  return { event, method: event, received: 0, answers: false, asked: 0, acked: 0, failed: 0, ...changes };
}

test('mergeCoverage() of no app is empty', () => {
  expect(mergeCoverage([])).toEqual(emptyCoverage());
});

test('mergeCoverage() of one app returns its coverage', () => {
  expect(mergeCoverage([sampleCoverage()])).toEqual(sampleCoverage());
});

test('mergeCoverage() adds up the counts of several apps', () => {
  const { gateways, otherEvents, refusals, disconnects, apps } = mergeCoverage([
    sampleCoverage(),
    sampleCoverage({ disconnects: { 'ping timeout': 1, 'of a later Socket.IO': 1 } }),
  ]);
  expect(apps).toBe(2);
  expect(gateways).toHaveLength(2);
  expect(gateways[0]?.handlers[0]).toEqual({
    event: 'join',
    method: 'join',
    received: 24,
    answers: true,
    asked: 24,
    acked: 22,
    failed: 2,
  });
  expect(gateways[0]?.events[0]).toEqual({ event: 'said', delivered: 14 });
  expect(otherEvents).toEqual([{ namespace: '/', event: 'exception', delivered: 2 }]);
  expect(refusals).toEqual({ handshake: 0, namespace: 4, gateway: 0 });
  expect(disconnects).toMatchObject({
    'client namespace disconnect': 5,
    'ping timeout': 1,
    'of a later Socket.IO': 1,
    'parse error': 0,
  });
});

test('mergeCoverage() keeps different classes, namespaces, events and methods apart, sorted by name', () => {
  const gateways = ['/b', '/a'].map((namespace) => ({
    name: 'OneGateway',
    namespace,
    handlers: [handler('z'), handler('y', { method: 'other' }), handler('y')],
    events: [{ event: 'd', delivered: 0 }],
  }));
  const other = [{ name: 'AnotherGateway', namespace: '/b', handlers: [], events: [] }];
  const merged = mergeCoverage([
    { ...emptyCoverage(), gateways },
    { ...emptyCoverage(), gateways: other },
  ]);
  expect(merged.gateways.map(({ name, namespace }) => `${name} on ${namespace}`)).toEqual([
    'AnotherGateway on /b',
    'OneGateway on /a',
    'OneGateway on /b',
  ]);
  expect(merged.gateways[1]?.handlers.map(({ event, method }) => `${event}: ${method}`)).toEqual([
    'y: other',
    'y: y',
    'z: z',
  ]);
});

test('mergeCoverage() joins the handlers that different apps declare for one gateway', () => {
  const withHandlers = (...handlers: HandlerCoverage[]) => ({
    ...emptyCoverage(),
    gateways: [{ name: 'ChatGateway', namespace: '/', handlers, events: [] }],
  });
  const merged = mergeCoverage([
    withHandlers(handler('say')),
    withHandlers(handler('say', { answers: true }), handler('join', { received: 1 })),
  ]);
  expect(merged.gateways[0]?.handlers).toEqual([handler('join', { received: 1 }), handler('say', { answers: true })]);
});
