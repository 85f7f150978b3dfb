import type { TestClient } from '../client/test-client.js';
import type { Conversation } from '../history/conversation.js';
import { errorAnswerIn } from '../model/error-answer.js';
import { DeadlineError } from '../report/errors.js';
import { EXPIRED, withTimeout } from '../timing/deadline.js';
import type { Step } from './plan.js';

/** A client of a workload. It does one thing at a time; what it is told to do meanwhile, it leaves out. */
export class Participant<Client extends TestClient> {
  /** The rooms that it is in, as far as it knows. */
  private readonly joined = new Set<string>();
  private said = 0;
  private connects = 0;
  private isBusy = false;

  constructor(
    private readonly client: Client,
    /** The client's name in the history, which no other client has: with it begin the messages. */
    private readonly name: string,
    private readonly conversation: Conversation<Client>,
    private readonly rooms: readonly string[],
  ) {
    client.socket.on('connect', () => {
      this.connects += 1;
      if (!client.socket.recovered) this.joined.clear();
    });
  }

  /** @throws what the conversation throws, unless the client lost its connection or gave up waiting */
  async act(step: Step): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    const { connects } = this;
    try {
      await this.attempt(step);
    } catch (error) {
      const isSame = this.client.connected && this.connects === connects;
      if (isSame && !(error instanceof DeadlineError)) throw error;
    } finally {
      this.isBusy = false;
    }
  }

  /** Waits until the client is connected again. One that cannot connect leaves for good. */
  async finish(): Promise<void> {
    const { client } = this;
    if (client.connected || client.isGone) return;
    const { socket } = client;
    let onConnect: () => void;
    const back = new Promise<void>((resolve) => socket.once('connect', (onConnect = resolve)));
    if ((await withTimeout(back, client.timeout)) !== EXPIRED) return;
    socket.off('connect', onConnect!);
    socket.disconnect();
  }

  /** Leaves if it has not been able to connect. In a later step it tries again. */
  leaveIfAway(): void {
    const { connected, socket } = this.client;
    if (!connected && !this.isBusy) socket.disconnect();
  }

  private async attempt({ action, room: choice, messages }: Step): Promise<void> {
    const { client, conversation, joined } = this;
    if (!client.connected) {
      if (client.isGone && (await client.connection.open())) client.socket.disconnect();
      return;
    }
    const { join, leave } = conversation;
    const room = choose(join ? [...joined] : this.rooms, choice);
    if (action === 'lose') client.socket.io.engine.transport.close();
    else if (action === 'disconnect') await client.disconnect();
    else if (room !== undefined && action === 'say') await this.say(room, messages);
    else if (room !== undefined && action === 'leave' && leave) {
      joined.delete(room);
      await leave(client, room);
    } else if (join) await this.join(choose(this.rooms, choice)!, join);
  }

  private async say(room: string, messages: number): Promise<void> {
    const { client, conversation } = this;
    const saying = Array.from({ length: messages }, async () =>
      conversation.say(client, room, `${this.name}#${(this.said += 1)}`),
    );
    await Promise.all(saying);
  }

  private async join(room: string, join: NonNullable<Conversation<Client>['join']>): Promise<void> {
    const { connects } = this;
    const answer = await join(this.client, room);
    if (this.connects === connects && !errorAnswerIn([answer])) this.joined.add(room);
  }
}

/** @param choice from 0 up to 1 */
function choose<T>(items: readonly T[], choice: number): T | undefined {
  return items[Math.floor(choice * items.length)];
}
