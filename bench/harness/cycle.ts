import { Test } from '@nestjs/testing';
import { startTestApp } from 'nest-realtime-kit/testing';
import { io } from 'socket.io-client';
import { metricOf } from '../results/metric.js';
import type { WorkloadResult } from '../results/result.js';
import { inTurns } from '../workloads/in-turns.js';
import { ChatModule } from './chat.js';
import { time } from './time.js';

type Transport = 'websocket' | 'polling';

const ROUNDS = 200;

/** A whole test's life: boot, connect, one ack, disconnect, close. */
export async function cycle(): Promise<WorkloadResult[]> {
  const metrics = [];
  for (const transport of ['websocket', 'polling'] as const) {
    const tasks = new Map([
      ['harness', () => time(() => withTheHarness(transport))],
      ['by hand', () => time(() => byHand(transport))],
    ]);
    const times = await inTurns(tasks, { rounds: ROUNDS });
    metrics.push(metricOf({ name: transport, unit: 'ms', better: 'less' }, times, ['by hand']));
  }
  const how = 'boot, connect, one ack, disconnect, close; in one process';
  return [{ name: 'cycle', title: "A test's whole life", how, rounds: ROUNDS, metrics }];
}

async function withTheHarness(transport: Transport): Promise<void> {
  const app = await startTestApp(ChatModule);
  const alice = await app.connect({ transports: [transport] });
  await alice.emitWithAck('join', 'lobby');
  await alice.disconnect();
  await app.close();
}

async function byHand(transport: Transport): Promise<void> {
  const module = await Test.createTestingModule({ imports: [ChatModule] }).compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  const socket = io(await app.getUrl(), { transports: [transport], forceNew: true });
  await new Promise<void>((resolve) => {
    socket.on('connect', resolve);
  });
  await socket.emitWithAck('join', 'lobby');
  socket.disconnect();
  await app.close();
}
