import { emptyCoverage, type Coverage } from '../../../../src/testing/coverage/coverage.js';

/** Coverage of an app with something of everything. */
export function sampleCoverage(changes: Partial<Coverage> = {}): Coverage {
  const { denied, seen, refusals, disconnects } = emptyCoverage();
  return {
    apps: 1,
    gateways: [
      {
        name: 'ChatGateway',
        namespace: '/',
        handlers: [
          { event: 'join', method: 'join', received: 12, answers: true, asked: 12, acked: 11, failed: 1 },
          { event: 'leave', method: 'leave', received: 1, answers: true, asked: 0, acked: 0, failed: 0 },
          { event: 'say', method: 'say', received: 3, answers: false, asked: 2, acked: 0, failed: 0 },
          { event: 'shout', method: 'shout', received: 0, answers: false, asked: 0, acked: 0, failed: 0 },
        ],
        events: [
          { event: 'said', delivered: 7 },
          { event: 'shouted', delivered: 0 },
        ],
      },
      { name: 'PresenceGateway', namespace: '/presence', handlers: [], events: [] },
    ],
    otherEvents: [{ namespace: '/', event: 'exception', delivered: 1 }],
    denied,
    seen,
    refusals: { ...refusals, namespace: 2 },
    disconnects: { ...disconnects, 'client namespace disconnect': 5 },
    ...changes,
  };
}
