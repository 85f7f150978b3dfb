import { setTimeout as delay } from 'node:timers/promises';
import { io } from 'socket.io-client';
import type { BystanderFigures } from './figures.js';

/** How long a bystander waits between two questions, in milliseconds. */
const PAUSE = 10;

const [url] = process.argv.slice(2);
let latencies: number[] = [];
let disconnects: string[] = [];

async function stand(transport: 'websocket' | 'polling'): Promise<void> {
  const socket = io(url, { transports: [transport], forceNew: true });
  socket.on('disconnect', (reason) => disconnects.push(`${transport}: ${reason}`));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  void ask();

  async function ask(): Promise<void> {
    for (let count = 0; process.connected; count += 1) {
      const from = performance.now();
      const answer: unknown = await socket.emitWithAck('echo', count);
      if (answer !== count) disconnects.push(`${transport}: got ${String(answer)} for ${count}`);
      latencies.push(performance.now() - from);
      await delay(PAUSE);
    }
  }
}

function figures(): BystanderFigures {
  const sorted = latencies.toSorted((one, other) => one - other);
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Infinity;
  const told = { acks: sorted.length, median: at(0.5), p99: at(0.99), max: at(1), disconnects };
  latencies = [];
  disconnects = [];
  return told;
}

process.on('message', () => process.send!(figures()));
process.once('disconnect', () => process.exit());
await Promise.all([stand('websocket'), stand('polling')]);
process.send!('connected');
