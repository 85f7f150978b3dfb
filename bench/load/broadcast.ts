import { refuse, type Connection, type Listener } from './connection.js';
import { frameOf } from './frames.js';
import { slice } from './slice.js';
import type { Dialect } from './wires.js';

export interface BroadcastLoad {
  /** The event that is sent. */
  event: string;
  /** How many broadcasts each of them makes. */
  each: number;
  /** How many of them are under way at once. */
  inFlight: number;
  /** How long new broadcasts are begun, in milliseconds. */
  milliseconds: number;
}

/** Has one connection after the other publish something to all. Returns how many times it was received. */
export async function broadcast(
  connections: readonly Connection[],
  dialect: Dialect,
  { event, each, inFlight, milliseconds }: BroadcastLoad,
): Promise<number> {
  const publish = frameOf(dialect.publish(event));
  const published = Buffer.from(dialect.published);
  const deliveries = each * connections.length;
  let begun = 0;
  let received = 0;
  const begin = (): void => {
    connections[begun % connections.length]!.send(publish);
    begun += 1;
  };

  await slice(connections, milliseconds, (current) => {
    const listener: Listener = {
      lost: current.lost,
      text(payload) {
        const { bytes, start, end } = payload;
        if (bytes.compare(published, 0, published.length, start, end) !== 0) refuse(payload);
        received += 1;
        if (received % deliveries === 0 && !current.isOver) begin();
        if (received === begun * deliveries) current.done();
      },
    };
    for (const connection of connections) connection.listener = listener;
    for (let count = 0; count < inFlight; count += 1) begin();
  });
  return received;
}
