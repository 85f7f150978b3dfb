import { startTestApp } from '../dist/testing/index.js';
import { ChatModule } from './chat.js';
import { summary, time } from './measure.js';

const ROUNDS = 500;

/** What it takes to know that nothing came: with nothing on its way, and right after an event was sent. */
export async function negatives() {
  const lines = [];
  for (const transport of ['websocket', 'polling']) {
    const app = await startTestApp(ChatModule);
    const [alice, bob] = await app.connect(2, { transports: [transport] });
    const [idle, busy] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      idle.push(await time(() => app.settle()));
      alice.emit('say', 'to nobody');
      busy.push(await time(() => app.settle()));
    }
    if (bob.received('said').length > 0) throw new Error('bob is in no room');
    await app.close();
    lines.push(`${transport}, nothing on its way: ${summary(idle, ' ms')}`);
    lines.push(`${transport}, right after an emit: ${summary(busy, ' ms')}`);
  }
  return [...lines, 'by hand: as long as one dares to sleep, and never exact'];
}
