import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';

export interface RedisContainerOptions {
  /** @default the environment variable `REDIS_IMAGE`, or 'redis:8-alpine' */
  image?: string;
}

/** A temporary Redis in a container. */
export interface StartedRedis extends AsyncDisposable {
  /** In the form `redis://host:port`. */
  readonly url: string;
  /** The container, to pause, restart or inspect it. */
  readonly container: StartedTestContainer;
  /** Stops and removes the container. */
  stop(): Promise<void>;
}

/** No container could be started. `cause` is the error of testcontainers or Docker. */
export class RedisContainerError extends Error {
  override readonly name = 'RedisContainerError';
}

const REDIS_PORT = 6379;

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
