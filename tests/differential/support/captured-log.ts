import type { LoggerService } from '@nestjs/common';
import type { Fact } from './observation.js';

/** Whose entries tell of the boot of any app. */
const OF_THE_BOOT = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
  'WebSocketsController',
]);

/** Nest's logger, which keeps what it is given: level, context, message, and parameters but for stacks. */
export class CapturedLog implements LoggerService {
  readonly entries: Fact[] = [];

  log = this.at('log');
  error = this.at('error');
  warn = this.at('warn');
  debug = this.at('debug');
  verbose = this.at('verbose');
  fatal = this.at('fatal');

  /** @param whole with Nest's own entries of the boot, and those of the kit's `EventsGateway` */
  constructor(private readonly whole: boolean) {}

  private at(level: string): (message: unknown, ...rest: unknown[]) => void {
    return (message, ...rest) => {
      const context = rest.pop();
      const isUsual = level === 'log' && (OF_THE_BOOT.has(String(context)) || context === 'EventsGateway');
      if (isUsual && !this.whole) return;
      const params = rest.filter((param) => param !== undefined && !isStack(param));
      this.entries.push([level, context, message, ...params]);
    };
  }
}

function isStack(param: unknown): boolean {
  return typeof param === 'string' && /^\s+at /m.test(param);
}
