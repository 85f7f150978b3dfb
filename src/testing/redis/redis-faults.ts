import { getContainerRuntimeClient, type StartedTestContainer } from 'testcontainers';
import { redisCommand } from './redis-command.js';

/** How long a restart may take, in milliseconds. */
const RESTART = 10_000;

/** The clock before any test faked it. */
const now = performance.now.bind(performance);

/** What a test has done to Redis. */
export type RedisFault =
  { readonly type: 'pause' | 'resume' | 'restart' | 'flush' } | { readonly type: 'memory'; readonly bytes: number };

/** What a test can do to a Redis. Each method resolves when Redis is in the new state. */
export class RedisFaults {
  private readonly listeners = new Set<(fault: RedisFault) => void>();
  private isPaused = false;

  constructor(
    private readonly url: string,
    private readonly container: StartedTestContainer,
  ) {}

  /** Calls a listener with each fault. @returns the function that ends it */
  observe(listener: (fault: RedisFault) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async pause(): Promise<void> {
    if (this.isPaused) return;
    await (await this.handle()).pause();
    this.isPaused = true;
    this.tell({ type: 'pause' });
  }

  async resume(): Promise<void> {
    if (!this.isPaused) return;
    await (await this.handle()).unpause();
    this.isPaused = false;
    this.tell({ type: 'resume' });
  }

  async restart(): Promise<void> {
    // Redis ends without an answer, and the container starts it again.
    const refusal = await this.ask('SHUTDOWN NOSAVE');
    if (refusal !== undefined) throw new Error(`Redis was to shut down, and answered: ${refusal}`);
    const deadline = now() + RESTART;
    while ((await redisCommand(this.url, 'PING')) !== '+PONG') {
      if (now() > deadline) throw new Error(`Redis at ${this.url} was to start again within ${RESTART} ms.`);
    }
    this.tell({ type: 'restart' });
  }

  async flush(): Promise<void> {
    await this.command('FLUSHALL');
    this.tell({ type: 'flush' });
  }

  async limitMemory(bytes: number): Promise<void> {
    await this.command('CONFIG SET maxmemory-policy noeviction');
    await this.command(`CONFIG SET maxmemory ${bytes}`);
    this.tell({ type: 'memory', bytes });
  }

  private async command(command: string): Promise<void> {
    const answer = await this.ask(command);
    if (answer !== '+OK') throw new Error(`Redis was to do ${command}; it answered ${answer ?? 'nothing'}.`);
  }

  private async ask(command: string): Promise<string | undefined> {
    if (this.isPaused) throw new Error(`Redis is paused, so it cannot do ${command}. Call resume() first.`);
    return redisCommand(this.url, command);
  }

  private tell(fault: RedisFault): void {
    for (const listener of this.listeners) listener(fault);
  }

  private async handle() {
    const { container } = await getContainerRuntimeClient();
    return container.getById(this.container.getId());
  }
}
