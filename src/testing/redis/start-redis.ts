import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';
import { RedisFaults, type RedisFault } from './redis-faults.js';
import { removeAfterwards } from './remove-afterwards.js';

export interface RedisContainerOptions {
  /** @default the environment variable `REDIS_IMAGE`, or 'redis:8-alpine' */
  image?: string;
}

/** A temporary Redis in a container. */
export interface StartedRedis extends AsyncDisposable {
  /** In the form `redis://host:port`. */
  readonly url: string;
  /** The container, to inspect it. */
  readonly container: StartedTestContainer;
  /** Stops Redis in the middle of its work: it keeps its connections and data, and answers nothing. */
  pause(): Promise<void>;
  /** Lets a paused Redis go on. */
  resume(): Promise<void>;
  /** Restarts Redis: its connections and data are lost, and its `url` stays the same. */
  restart(): Promise<void>;
  /** Deletes all data. */
  flush(): Promise<void>;
  /** Makes Redis refuse writes when it uses more memory, as when it is full: 1 refuses all, 0 ends the limit. */
  limitMemory(bytes: number): Promise<void>;
  /** @internal Calls a listener with each fault. @returns the function that ends it */
  observe(listener: (fault: RedisFault) => void): () => void;
  /** Stops and removes the container. */
  stop(): Promise<void>;
}

/** No container could be started. `cause` is the error of testcontainers or Docker. */
export class RedisContainerError extends Error {
  override readonly name = 'RedisContainerError';
}

const REDIS_PORT = 6379;

/**
 * Starts Redis again whenever it ends without an error. Docker gives a restarted container another port, so Redis
 * restarts in its container. The official images have an entry point, which loads Redis' modules.
 */
const COMMAND = 'while $(command -v docker-entrypoint.sh) redis-server --save "" --protected-mode no; do :; done';

/**
 * Starts a Redis in a container of its own.
 *
 * @throws RedisContainerError when Docker or the image is not available
 */
export async function startRedis({
  image = process.env.REDIS_IMAGE ?? 'redis:8-alpine',
}: RedisContainerOptions = {}): Promise<StartedRedis> {
  let container: StartedTestContainer;
  try {
    container = await new GenericContainer(image)
      .withCommand(['sh', '-c', COMMAND])
      .withExposedPorts(REDIS_PORT)
      .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
      .start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RedisContainerError(
      `A Redis container (image "${image}") could not be started: ${reason}. ` +
        'Is Docker installed and running? `docker info` tells; https://docs.docker.com/get-docker/ has it.',
      { cause: error },
    );
  }
  const url = `redis://${container.getHost()}:${container.getMappedPort(REDIS_PORT)}`;
  const faults = new RedisFaults(url, container);
  const letItBe = removeAfterwards(container.getId());
  const stop = async (): Promise<void> => {
    await container.stop();
    letItBe();
  };
  return {
    url,
    container,
    pause: () => faults.pause(),
    resume: () => faults.resume(),
    restart: () => faults.restart(),
    flush: () => faults.flush(),
    limitMemory: (bytes) => faults.limitMemory(bytes),
    observe: (listener) => faults.observe(listener),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
