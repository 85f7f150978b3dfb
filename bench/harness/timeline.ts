import { startTestApp } from 'nest-realtime-kit/testing';
import { metricOf } from '../results/metric.js';
import type { WorkloadResult } from '../results/result.js';
import { inTurns } from '../workloads/in-turns.js';
import { ChatModule } from './chat.js';
import { time } from './time.js';

const ROUNDS = 60;
const EVENTS = 50;

/** What the timeline adds to a whole test: boot, three clients, events to a room, and the end. */
export async function timeline(): Promise<WorkloadResult[]> {
  const tasks = new Map([
    ['with a timeline', () => time(() => test(undefined))],
    ['without', () => time(() => test(0))],
  ]);
  const times = await inTurns(tasks, { rounds: ROUNDS });
  const metrics = [metricOf({ name: 'websocket', unit: 'ms', better: 'less' }, times, ['without'])];
  const how = `boot, three clients, ${EVENTS} events to a room, close`;
  return [{ name: 'timeline', title: "A test's timeline", how, rounds: ROUNDS, metrics }];
}

async function test(timelineEntries: number | undefined): Promise<void> {
  const app = await startTestApp(ChatModule, { timelineEntries });
  const [alice, ...others] = await app.connect(3);
  await Promise.all(others.map((client) => client.emitWithAck('join', 'lobby')));
  for (let event = 0; event < EVENTS; event += 1) alice.emit('say', `text ${event}`);
  await app.settle();
  if (others.some((client) => client.received('said').length !== EVENTS)) {
    throw new Error('Not everybody in the room was told.');
  }
  await app.close();
}
