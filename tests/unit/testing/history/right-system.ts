import type { HistoryEntry } from '../../../../src/testing/history/entry.js';

/** What every entry of these histories has alike, and its place. */
type Alike = 'seq' | 'at' | 'namespace' | 'conversation' | 'since';

/** An entry that is not in its place yet: an answer names the entry that it answers. */
type Loose<Entry = HistoryEntry> = Entry extends { to: number }
  ? Omit<Entry, Alike | 'to'> & { to: LooseEntry }
  : Entry extends HistoryEntry
    ? Omit<Entry, Alike>
    : never;
export type LooseEntry = Loose;

/** Puts entries in their places. */
export function placed(entries: readonly LooseEntry[]): HistoryEntry[] {
  const places = new Map(entries.map((entry, seq) => [entry, seq]));
  return entries.map((entry, seq) => {
    const at = { seq, at: seq, namespace: '/', conversation: 0, since: seq };
    return entry.kind === 'answered' ? { ...entry, ...at, to: places.get(entry.to)! } : { ...entry, ...at };
  });
}

/** A choice of what happens next: numbers that are taken modulo what there is. */
export type Choice = readonly [what: number, who: number, which: number];

export interface SystemOptions {
  readonly nodes: number;
  /** Whether connections are recovered: then all nodes read one log, else each has a channel of its own. */
  readonly recovery: boolean;
  readonly asksAck: boolean;
}

interface Broadcast {
  readonly room: string;
  readonly message: string;
  readonly from: ServerSocket;
  /** The number of its entry in the log. */
  readonly offset: number;
}

type Up = { kind: 'say' | 'join' | 'leave'; room: string; entry: LooseEntry; message?: string } | { kind: 'close' };
type Down =
  | { kind: 'connect'; recovered: boolean }
  | { kind: 'ack'; entry: LooseEntry }
  | { kind: 'message'; broadcast: Broadcast };

/** The server's end of a connection. */
interface ServerSocket {
  readonly client: string;
  readonly node: number;
  readonly rooms: Set<string>;
  readonly up: Up[];
  readonly down: Down[];
  isOpen: boolean;
  /** Everything up to here it has been sent, or was never to be. */
  offset: number;
}

interface Client {
  readonly name: string;
  socket?: ServerSocket;
  state: 'connected' | 'connecting' | 'lost' | 'left';
  /** The request whose ack has not come. */
  asked?: LooseEntry;
  /** The offset of the last message that it got. */
  offset: number;
  said: number;
}

const ROOMS = ['red', 'blue'];
/** Never joins a room. */
export const OUTSIDER = 'outsider';

/** Nodes and clients that do what Socket.IO promises, in the order that the choices give. It is the model of the tests. */
export class RightSystem {
  readonly entries: LooseEntry[] = [];
  private readonly log: Broadcast[] = [];
  /** How far each node has read what each node wrote. */
  private readonly read: number[][];
  private readonly sockets: ServerSocket[] = [];
  private readonly clients: Client[];

  constructor(private readonly options: SystemOptions) {
    const { nodes } = options;
    this.read = Array.from({ length: nodes }, () => Array.from({ length: nodes }, () => 0));
    this.clients = ['alice', 'bob', 'carol', 'dave', OUTSIDER].map((name) => ({
      name,
      state: 'left',
      offset: 0,
      said: 0,
    }));
  }

  run(choices: readonly Choice[]): LooseEntry[] {
    for (const [node, client] of this.clients.entries()) this.connect(client, node);
    this.rest();
    for (const client of this.clients) this.ask(client, 'join', ROOMS[0]!);
    this.rest();
    for (const choice of choices) this.step(choice);
    for (const client of this.clients.filter(({ state }) => state === 'lost')) this.connect(client, 0);
    this.rest();
    this.entries.push({ kind: 'settled' });
    return this.entries;
  }

  private step([what, who, which]: Choice): void {
    const client = this.clients[who % this.clients.length]!;
    const room = ROOMS[which % ROOMS.length]!;
    const kind = what % 20;
    if (kind < 6) this.sendDown(client);
    else if (kind < 9)
      this.sendUp(
        pick(
          this.sockets.filter(({ up }) => up.length > 0),
          which,
        ),
      );
    else if (kind < 12) this.readLog(who % this.options.nodes, which % this.options.nodes);
    else if (client.state === 'connected') this.act(client, kind, room, which);
    else if (client.state !== 'connecting') this.connect(client, which);
  }

  private act(client: Client, kind: number, room: string, which: number): void {
    const { name, socket } = client;
    if (kind < 16) {
      const message = `${name}#${(client.said += 1)}`;
      const { asksAck } = this.options;
      const entry = this.add({ kind: 'said', client: name, room, message, asksAck });
      socket!.up.push({ kind: 'say', room, message, entry });
    } else if (kind < 18) {
      this.ask(client, which % 3 > 0 ? 'join' : 'leave', room);
    } else this.part(client, which % 5 > 0 ? 'lost' : 'left', which);
  }

  private ask(client: Client, kind: 'join' | 'leave', room: string): void {
    const { name, socket, asked } = client;
    if (asked || name === OUTSIDER) return;
    client.asked = this.add({ kind: kind === 'join' ? 'joining' : 'leaving', client: name, room });
    socket!.up.push({ kind, room, entry: client.asked });
  }

  private part(client: Client, state: 'lost' | 'left', which: number): void {
    const { name, socket, asked } = client;
    this.add({ kind: 'disconnected', client: name, reason: state });
    if (asked) this.add({ kind: 'answered', client: name, to: asked, outcome: 'given up' });
    client.asked = undefined;
    client.state = state;
    // Of what is on its way, a part may still arrive. Who leaves is never recovered.
    if (state === 'lost') socket!.up.splice(which % (socket!.up.length + 1));
    else socket!.rooms.clear();
    socket!.up.push({ kind: 'close' });
    socket!.down.length = 0;
    if (state === 'left') while (socket!.isOpen) this.sendUp(socket);
  }

  private connect(client: Client, which: number): void {
    const { name, socket: old, state } = client;
    const node = which % this.options.nodes;
    const recovered = this.options.recovery && state === 'lost' && old !== undefined && !old.isOpen;
    const socket: ServerSocket = {
      client: name,
      node,
      rooms: new Set(recovered ? old.rooms : []),
      up: [],
      down: [{ kind: 'connect', recovered }],
      isOpen: true,
      offset: recovered ? client.offset : 0,
    };
    client.socket = socket;
    client.state = 'connecting';
    this.sockets.push(socket);
    if (recovered) for (const broadcast of this.log.slice(0, this.read[node]![0])) this.deliver(broadcast, socket);
  }

  private sendUp(socket: ServerSocket | undefined): void {
    const packet = socket?.up.shift();
    if (!socket || !packet) return;
    if (packet.kind === 'close') {
      socket.isOpen = false;
      return;
    }
    const { room, entry } = packet;
    if (packet.kind === 'join') socket.rooms.add(room);
    else if (packet.kind === 'leave') socket.rooms.delete(room);
    else this.log.push({ room, message: packet.message!, from: socket, offset: this.log.length + 1 });
    if (packet.kind !== 'say' || this.options.asksAck) socket.down.push({ kind: 'ack', entry });
    // Without a log, a node sends to its own clients at once.
    if (!this.options.recovery) this.readLog(socket.node, socket.node);
  }

  /** A node reads one entry that another node wrote or, of the common log, the next one. */
  private readLog(node: number, writer: number): boolean {
    const { recovery } = this.options;
    const positions = this.read[node]!;
    const source = recovery ? 0 : writer;
    const next = this.log.find(({ offset, from }) => offset > positions[source]! && (recovery || from.node === source));
    if (!next) return false;
    positions[source] = next.offset;
    for (const socket of this.sockets) if (socket.node === node && socket.isOpen) this.deliver(next, socket);
    return true;
  }

  private deliver(broadcast: Broadcast, socket: ServerSocket): void {
    const { room, from, offset } = broadcast;
    if (this.options.recovery && offset <= socket.offset) return;
    socket.offset = offset;
    if (socket.rooms.has(room) && from.client !== socket.client) socket.down.push({ kind: 'message', broadcast });
  }

  private sendDown(client: Client): void {
    const { name, socket } = client;
    if (client.state !== 'connected' && client.state !== 'connecting') return;
    const packet = socket?.down.shift();
    if (packet?.kind === 'connect') {
      client.state = 'connected';
      this.add({ kind: 'connected', client: name, recovered: packet.recovered });
    } else if (packet?.kind === 'ack') {
      this.add({ kind: 'answered', client: name, to: packet.entry, outcome: 'done' });
      if (client.asked === packet.entry) client.asked = undefined;
    } else if (packet) {
      client.offset = packet.broadcast.offset;
      this.add({ kind: 'heard', client: name, message: packet.broadcast.message });
    }
  }

  /** Until nothing is in flight. */
  private rest(): void {
    const { nodes } = this.options;
    let moved = true;
    while (moved) {
      moved = false;
      for (const socket of this.sockets) while (socket.up.length > 0) this.sendUp(socket);
      for (let node = 0; node < nodes; node += 1)
        for (let writer = 0; writer < nodes; writer += 1) while (this.readLog(node, writer)) moved = true;
      for (const client of this.clients)
        while (['connected', 'connecting'].includes(client.state) && client.socket!.down.length > 0) {
          this.sendDown(client);
          moved = true;
        }
    }
  }

  private add(entry: LooseEntry): LooseEntry {
    this.entries.push(entry);
    return entry;
  }
}

function pick<T>(items: readonly T[], which: number): T | undefined {
  return items[which % items.length];
}
