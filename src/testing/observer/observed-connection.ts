import type { Socket } from '../../websocket/index.js';
import type { Activity } from '../settle/activity.js';

/** A connection of Engine.IO, which may carry many namespaces. One set of listeners serves all of them. */
export class ObservedConnection {
  /** How many packets the server has sent. */
  packetsSent = 0;
  /** Called with the name of the transport after an upgrade. */
  readonly onUpgraded = new Set<(transport: string) => void>();

  constructor(conn: Socket['conn'], activity: Activity) {
    conn.on('packet', ({ type }) => {
      if (type === 'message') activity.moved();
    });
    conn.on('packetCreate', () => (this.packetsSent += 1));
    conn.on('upgrade', ({ name }: { name: string }) => {
      for (const tell of this.onUpgraded) tell(name);
    });
  }
}
