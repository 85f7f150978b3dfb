import { Logger } from '@nestjs/common';

const MOST_LINES = 100;

/** Says what was cut off, a line for each; of very many the first, and how many more there were. */
export function logCutOffs(lines: readonly string[]): void {
  const logger = new Logger('WebsocketShutdown');
  for (const line of lines.slice(0, MOST_LINES)) logger.warn(line);
  if (lines.length > MOST_LINES) logger.warn(`Cut off ${lines.length - MOST_LINES} more.`);
}
