import type { EchoLoad } from './echo.js';
import type { PollingSession } from './polling-session.js';
import type { Dialect } from './wires.js';

/** Has each session send so many messages in one request, and poll until all are answered, again and again. Returns how long each took. */
export async function echoByPolling(
  sessions: readonly PollingSession[],
  dialect: Dialect,
  { event, inFlight, milliseconds }: EchoLoad,
): Promise<number[]> {
  const requests = Array.from({ length: inFlight }, (_, slot) => dialect.request(event, slot));
  const { start, end, length } = dialect.answer;
  const isAnswer = (text: string): boolean => text.length === length && text.startsWith(start) && text.endsWith(end);
  const latencies: number[] = [];
  const until = performance.now() + milliseconds;
  const load = async (session: PollingSession): Promise<void> => {
    while (performance.now() < until) {
      const sent = performance.now();
      const posted = session.post(requests);
      let isAsked = false;
      for (let answered = 0; answered < inFlight;) {
        const polled = await session.poll();
        const packets = polled.filter((packet) => packet !== dialect.ping?.question);
        isAsked ||= packets.length < polled.length;
        const unexpected = packets.find((packet) => !isAnswer(packet));
        if (unexpected !== undefined) throw new Error(`The server has sent something unexpected: ${unexpected}`);
        answered += packets.length;
        for (const _ of packets) latencies.push(performance.now() - sent);
      }
      await posted;
      if (isAsked) await session.post([dialect.ping!.answer]);
    }
  };
  await Promise.all(sessions.map(load));
  return latencies;
}
