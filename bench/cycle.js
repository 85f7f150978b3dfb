import { Test } from '@nestjs/testing';
import { io } from 'socket.io-client';
import { startTestApp } from '../dist/testing/index.js';
import { ChatModule } from './chat.js';
import { interleave, ratios, summary } from './measure.js';

const ROUNDS = 200;

async function withTheKit(transport) {
  const app = await startTestApp(ChatModule);
  const alice = await app.connect({ transports: [transport] });
  await alice.emitWithAck('join', 'lobby');
  await alice.disconnect();
  await app.close();
}

async function byHand(transport) {
  const module = await Test.createTestingModule({ imports: [ChatModule] }).compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  const socket = io(await app.getUrl(), { transports: [transport], forceNew: true });
  await new Promise((resolve) => {
    socket.on('connect', resolve);
  });
  await socket.emitWithAck('join', 'lobby');
  socket.disconnect();
  await app.close();
}

/** A whole test's life: boot, connect, one ack, disconnect, close. */
export async function cycle() {
  const lines = [];
  for (const transport of ['websocket', 'polling']) {
    const times = await interleave(
      { kit: () => withTheKit(transport), hand: () => byHand(transport) },
      ROUNDS,
    );
    lines.push(
      `${transport}: the kit ${summary(times.kit, ' ms')}, by hand ${summary(times.hand, ' ms')}, ` +
        `ratio ${summary(ratios(times.kit, times.hand))}`,
    );
  }
  return lines;
}
