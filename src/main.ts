import { ConsoleLogger, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { endByForce } from './end-by-force.js';
import { readEnvironment } from './environment/environment.js';
import { EnvironmentError } from './environment/variables.js';
import { RedisUnavailableError, UncaughtFailures, WebsocketOptionsError } from './websocket/index.js';

/** Nest logs an error at start and also throws it. This logger drops it, because `explain` prints it. */
class StartLogger extends ConsoleLogger {
  override error(message: unknown, ...rest: unknown[]): void {
    if (!['ExceptionHandler', 'NestApplication'].includes(String(rest.at(-1)))) super.error(message, ...rest);
  }
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

async function start(): Promise<void> {
  const { port, host, logFormat, shutdownTimeout } = readEnvironment(process.env);
  const app = await NestFactory.create(AppModule, {
    logger: new StartLogger({ json: logFormat === 'json' }),
    abortOnError: false,
  });
  // By default, Nest sends the signal again after its hooks, and the process ends with the signal's exit code.
  app.enableShutdownHooks([...SIGNALS], { useProcessExit: true });
  endByForce(SIGNALS, shutdownTimeout);
  app.get(UncaughtFailures).endBy(() => app.close());
  try {
    await (host ? app.listen(port, host) : app.listen(port));
    new Logger('ReferenceServer').log(`Listening on ${await app.getUrl()}`);
  } catch (error) {
    await app.close();
    throw error;
  }
}

const OF_THE_ENVIRONMENT = [EnvironmentError, RedisUnavailableError, WebsocketOptionsError];

/** One line for a mistake in the configuration, the whole stack for any other error. */
function explain(error: unknown): string {
  if (OF_THE_ENVIRONMENT.some((type) => error instanceof type)) return (error as Error).message;
  const { code, port, message, stack } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `PORT ${port} is in use by another process; set PORT to a free one`;
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `HOST or PORT cannot be used: ${message}`;
  return stack ?? String(error);
}

start().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
