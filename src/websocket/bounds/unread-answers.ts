import type { ServerResponse } from 'node:http';

/** The answers to a client's polls that are not yet on their way to it: it may ask for more and read nothing. */
export class UnreadAnswers {
  private readonly answers = new Map<ServerResponse, number>();
  private bytes = 0;

  /** Bytes of all but the latest, which every client takes its time to read. */
  get overdue(): number {
    return this.bytes - ([...this.answers.values()].at(-1) ?? 0);
  }

  add(answer: ServerResponse, bytes: number): void {
    this.answers.set(answer, bytes);
    this.bytes += bytes;
    answer.once('close', () => {
      this.answers.delete(answer);
      this.bytes -= bytes;
    });
  }

  /** Ends the TCP connections of those that are left. */
  destroy(): void {
    for (const answer of this.answers.keys()) answer.destroy();
  }
}
