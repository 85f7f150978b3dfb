import { setTimeout as delay } from 'node:timers/promises';
import { quantileSorted } from 'simple-statistics';
import { io } from 'socket.io-client';
import type { BystanderFigures } from './figures.js';

/** How long a bystander waits between two questions, in milliseconds. */
const PAUSE = 10;

const [url] = process.argv.slice(2);
let latencies: number[] = [];
let troubles: string[] = [];

async function stand(transport: 'websocket' | 'polling'): Promise<void> {
  const socket = io(url, { transports: [transport], forceNew: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  socket.on('disconnect', (reason) => troubles.push(`disconnected over ${transport}: ${reason}`));
  void askOn();

  async function askOn(): Promise<void> {
    for (let count = 0; process.connected; count += 1) {
      const began = performance.now();
      const answer: unknown = await socket.emitWithAck('echo', count);
      if (answer !== count) troubles.push(`answered over ${transport}: ${JSON.stringify(answer)}`);
      latencies.push(performance.now() - began);
      await delay(PAUSE);
    }
  }
}

function figures(): BystanderFigures {
  const sorted = latencies.toSorted((one, other) => one - other);
  const told = {
    acks: sorted.length,
    median: quantileSorted(sorted, 0.5),
    p99: quantileSorted(sorted, 0.99),
    max: sorted.at(-1) ?? NaN,
    troubles,
  };
  latencies = [];
  troubles = [];
  return told;
}

process.on('message', () => process.send!(figures()));
process.once('disconnect', () => process.exit());
await Promise.all([stand('websocket'), stand('polling')]);
process.send!('connected');
