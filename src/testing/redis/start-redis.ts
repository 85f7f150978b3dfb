import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';

export interface RedisContainerOptions {
  /** @default the environment's `REDIS_IMAGE`, or 'redis:8-alpine' */
  image?: string;
}

/** A throw-away Redis in a container. */
export interface StartedRedis extends AsyncDisposable {
  /** As `redis://host:port`. */
  readonly url: string;
  /** The container, to be paused, restarted or looked into. */
  readonly container: StartedTestContainer;
  /** Stops and removes the container. */
  stop(): Promise<void>;
}

/** No container could be started; `cause` is what testcontainers, or Docker, said. */
export class RedisContainerError extends Error {
  override readonly name = 'RedisContainerError';
}

const REDIS_PORT = 6379;

/**
 * Starts a Redis in a container that nobody else uses.
 *
 * @throws RedisContainerError when there is no Docker, or no such image
 */
export async function startRedis({
  image = process.env.REDIS_IMAGE ?? 'redis:8-alpine',
}: RedisContainerOptions = {}): Promise<StartedRedis> {
  let container: StartedTestContainer;
  try {
    container = await new GenericContainer(image)
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
  const stop = async (): Promise<void> => {
    await container.stop();
  };
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(REDIS_PORT)}`,
    container,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
