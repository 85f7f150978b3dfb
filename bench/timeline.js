import { startTestApp } from '../dist/testing/index.js';
import { ChatModule } from './chat.js';
import { interleave, ratios, summary } from './measure.js';

const ROUNDS = 60;
const EVENTS = 50;

/** What the timeline adds to a whole test: boot, three clients, events to a room, negatives, and the end. */
export async function timeline() {
  const test = (timelineEntries) => async () => {
    const app = await startTestApp(ChatModule, { timelineEntries });
    const [alice, ...others] = await app.connect(3);
    await Promise.all(others.map((client) => client.emitWithAck('join', 'lobby')));
    for (let event = 0; event < EVENTS; event += 1) alice.emit('say', `text ${event}`);
    await app.settle();
    if (others.some((client) => client.received('said').length !== EVENTS))
      throw new Error('not all were told');
    await app.close();
  };
  const times = await interleave({ on: test(undefined), off: test(0) }, ROUNDS);
  return [
    `on ${summary(times.on, ' ms')}, off ${summary(times.off, ' ms')}, ratio ${summary(ratios(times.on, times.off))}`,
  ];
}
