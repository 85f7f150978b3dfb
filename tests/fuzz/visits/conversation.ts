import type { Packet } from './link.js';

/** Events that say how a connection stands; a server cannot emit one, whatever a client has it echo. */
const RESERVED_EVENTS = new Set(['connect', 'connect_error', 'disconnect', 'disconnecting']);

/** Ids of questions begin here; no step has such an id. */
const FIRST_ID = 1_000_000;

/** Attachments are counted, and left out: `type`, `namespace`, `id` and data of a packet of Socket.IO's. */
const MESSAGE = /^4([0-6])(?:(\d+)-)?(?:(\/[^,]*),)?(\d*)(.*)$/s;

/** What client and server have said to each other on one connection, as far as it is to be judged. */
export class Conversation {
  /** The namespaces that the client is in. */
  readonly joined: string[] = [];
  /** The last question of the server's, as namespace and id. */
  question: readonly [namespace: string, id: string] | undefined;
  private nextId = FIRST_ID;
  private readonly pending = new Map<number, string>();
  private readonly answered = new Set<number>();
  private onProgress: () => void = () => {};

  /** @param complain is told what must not be */
  constructor(private readonly complain: (complaint: string) => void) {}

  /** @returns the id for an event that has to be answered */
  ask(namespace: string, what: string): number {
    this.nextId += 1;
    this.pending.set(this.nextId, `${namespace} ${what}`);
    return this.nextId;
  }

  get unanswered(): readonly string[] {
    return [...this.pending.values()];
  }

  /** Nothing more is to be expected of a namespace, or of any. */
  forget(namespace = ''): void {
    for (const [id, what] of this.pending) if (what.startsWith(namespace)) this.pending.delete(id);
    this.onProgress();
  }

  /** Resolves when all is answered, or when so many milliseconds are over. */
  async settled(timeout: number): Promise<void> {
    if (this.pending.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout);
      this.onProgress = () => {
        if (this.pending.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Resolves when the client is in a namespace, or is not let in, or when so many milliseconds are over. */
  async admitted(timeout: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout);
      this.onAdmission = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private onAdmission: () => void = () => {};

  take(packet: Packet): void {
    if (typeof packet !== 'string') return;
    const [, type, , namespace = '/', id, data] = MESSAGE.exec(packet) ?? [];
    // One that was joined again is joined once.
    if (type === '0' && !this.joined.includes(namespace)) this.joined.push(namespace);
    if (type === '1') this.left(namespace);
    if (type === '0' || type === '4') this.onAdmission();
    if (type === '2' || type === '5') this.heard(namespace, id!, data!);
    if (type === '3' || type === '6') this.answer(Number(id));
  }

  left(namespace: string): void {
    const index = this.joined.indexOf(namespace);
    if (index >= 0) this.joined.splice(index, 1);
    this.forget(`${namespace} `);
  }

  private heard(namespace: string, id: string, data: string): void {
    const [event] = JSON.parse(data) as [unknown];
    if (RESERVED_EVENTS.has(event as string))
      this.complain(`was sent ${data.slice(0, 200)}, of a name that Socket.IO reserves`);
    if (id !== '') this.question = [namespace, id];
  }

  private answer(id: number): void {
    if (id <= FIRST_ID || id > this.nextId) return;
    if (this.answered.has(id)) this.complain(`was answered twice, as ${id}`);
    this.answered.add(id);
    this.pending.delete(id);
    this.onProgress();
  }
}
