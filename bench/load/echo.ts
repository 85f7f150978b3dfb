import { refuse, type Connection } from './connection.js';
import { frameOf, type Payload } from './frames.js';
import { slice } from './slice.js';
import type { Dialect } from './wires.js';

export interface EchoLoad {
  /** The event that is sent, and answered by an ack. */
  event: string;
  /** How many messages of a connection are under way at once: 1 to 900. */
  inFlight: number;
  /** How long new messages are sent, in milliseconds. */
  milliseconds: number;
}

/** Keeps so many messages under way on each connection. Returns how long each of them took to be answered, in milliseconds. */
export async function echo(
  connections: readonly Connection[],
  dialect: Dialect,
  { event, inFlight, milliseconds }: EchoLoad,
): Promise<number[]> {
  const requests = Array.from({ length: inFlight }, (_, slot) => frameOf(dialect.request(event, slot)));
  const ring = Buffer.concat([...requests, ...requests]);
  const size = requests[0]!.length;
  const isAnswer = answerOf(dialect);
  const latencies: number[] = [];
  let awaited = 0;

  await slice(connections, milliseconds, (current) => {
    for (const connection of connections) {
      let slot = 0;
      let arrived = 0;
      /** When what is under way was sent, the oldest first: answers keep the order. */
      const sentAt: number[] = [];
      const send = (count: number): void => {
        awaited += count;
        const now = performance.now();
        for (let sent = 0; sent < count; sent += 1) sentAt.push(now);
        connection.send(ring.subarray(slot * size, (slot + count) * size));
        slot = (slot + count) % inFlight;
      };
      connection.listener = {
        lost: current.lost,
        text(payload) {
          if (!isAnswer(payload)) refuse(payload);
          arrived += 1;
        },
        pause() {
          const now = performance.now();
          for (const at of sentAt.splice(0, arrived)) latencies.push(now - at);
          awaited -= arrived;
          if (!current.isOver && arrived > 0) send(arrived);
          arrived = 0;
          if (awaited === 0) current.done();
        },
      };
      send(inFlight);
    }
  });
  return latencies;
}

function answerOf({ answer }: Dialect): (payload: Payload) => boolean {
  const start = Buffer.from(answer.start);
  const end = Buffer.from(answer.end);
  return (payload) =>
    payload.end - payload.start === answer.length &&
    isAt(payload.start, payload.bytes, start) &&
    isAt(payload.end - end.length, payload.bytes, end);
}

function isAt(at: number, bytes: Buffer, expected: Buffer): boolean {
  return bytes.compare(expected, 0, expected.length, at, at + expected.length) === 0;
}
