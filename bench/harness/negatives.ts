import { startTestApp } from 'nest-realtime-kit/testing';
import { metricOf } from '../results/metric.js';
import type { WorkloadResult } from '../results/result.js';
import { ChatModule } from './chat.js';
import { time } from './time.js';

type Transport = 'websocket' | 'polling';

const ROUNDS = 500;

/** What it takes to know that nothing came: with nothing on its way, and right after an event was sent. */
export async function negatives(): Promise<WorkloadResult[]> {
  const metrics = [];
  for (const transport of ['websocket', 'polling'] as const) {
    const { idle, busy } = await negativesOver(transport);
    for (const [name, times] of [
      [`${transport}, nothing on its way`, idle],
      [`${transport}, right after an emit`, busy],
    ] as const) {
      metrics.push(metricOf({ name, unit: 'ms', better: 'less' }, new Map([['harness', times]]), []));
    }
  }
  const how = 'by hand it takes as long as one dares to sleep, and is never exact';
  return [{ name: 'negatives', title: 'A negative that passes', how, rounds: ROUNDS, metrics }];
}

async function negativesOver(transport: Transport): Promise<{ idle: number[]; busy: number[] }> {
  const app = await startTestApp(ChatModule);
  try {
    const [alice, bob] = await app.connect(2, { transports: [transport] });
    const [idle, busy]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      idle.push(await time(() => app.settle()));
      alice.emit('say', 'to nobody');
      busy.push(await time(() => app.settle()));
    }
    if (bob.received('said').length > 0) throw new Error('Bob is in no room, and was told something.');
    return { idle, busy };
  } finally {
    await app.close();
  }
}
