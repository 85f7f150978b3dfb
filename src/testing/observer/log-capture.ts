import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ConsoleLogger, Logger, type LoggerService, type LogLevel } from '@nestjs/common';
import type { LogEntry } from '../model/log-entry.js';
import { executionContext, type Cause, type ExecutionContext } from '../model/execution-context.js';
import { currentLogger } from '../nest/internals.js';
import type { Activity } from '../settle/activity.js';
import type { Happening } from '../timeline/entry.js';
import type { Recorder } from '../timeline/timeline.js';
import { isText, stackOf, textOf } from '../report/format.js';
import { now } from '../timing/real-time.js';
import { readLine, type WrittenEntry } from './log-lines.js';

/** pino publishes each line that it writes here (https://github.com/pinojs/pino/blob/main/docs/diagnostics.md). */
const PINO = 'tracing:pino_asJson:end';

interface PinoMessage {
  readonly result?: string;
  readonly arguments: readonly [object: unknown, message: unknown, level: number, time: unknown];
}

/** What an app logged by Nest's `Logger`, pino or `logStream`, from the start of boot to the end of shutdown. */
export class LogCapture {
  private readonly captured: LogEntry[] = [];
  private readonly declared = new WeakSet<LogEntry>();
  private allowed: { readonly message: string | RegExp; readonly at: number }[] = [];
  private readonly start = now();
  private isForwarding = false;
  /** It knows which levels the app logs, if the app says that. */
  private leveled: ConsoleLogger | undefined;

  constructor(
    private readonly app: object,
    private readonly activity: Activity,
    private readonly record: Recorder,
    /** @internal The logger that also gets the entries. */
    public forwardTo: LoggerService | undefined,
  ) {}

  /** Every entry, oldest first. */
  get entries(): readonly LogEntry[] {
    return this.captured;
  }

  /** @internal The entries since a time, in milliseconds of `performance.now()`. */
  since(time: number): readonly LogEntry[] {
    return this.captured.filter(({ at }) => at + this.start >= time);
  }

  /**
   * Declares errors as expected, past and future ones, by their message or a pattern for it. Other errors fail a test
   * if `errorLogs` says so. In an app that tests share, the declaration ends with the test.
   */
  allowErrors(message: string | RegExp): void {
    this.allowed.push({ message, at: now() });
  }

  /**
   * @internal Withdraws what was declared since a time, in milliseconds of `performance.now()`. Errors until now stay
   * declared; later ones are not.
   */
  takeBackAllowed(since: number): void {
    for (const entry of this.errors) if (this.isAllowed(entry)) this.declare(entry);
    this.allowed = this.allowed.filter(({ at }) => at < since);
  }

  /** @internal Declares one error as expected. */
  declare(entry: LogEntry): void {
    this.declared.add(entry);
  }

  /** @internal The errors since a time that the test has not declared and that surely come from this app. */
  undeclaredErrors(time: number): readonly LogEntry[] {
    return this.errorsSince(time).filter(
      (entry) => entry.attributed && !this.declared.has(entry) && !this.isAllowed(entry),
    );
  }

  private isAllowed(entry: LogEntry): boolean {
    return this.allowed.some(({ message }) => isText(message, textOf(entry)));
  }

  /** The entries of level `error` and `fatal`. */
  get errors(): readonly LogEntry[] {
    return this.errorsSince(0);
  }

  /** @internal The errors since a time, in milliseconds of `performance.now()`. */
  errorsSince(time: number): readonly LogEntry[] {
    return this.since(time).filter(({ level }) => level === 'error' || level === 'fatal');
  }

  /** @internal Takes the levels at which the app logs. */
  setLevels(logLevels: LogLevel[]): void {
    if (!this.concerns(executionContext.getStore())) return;
    this.leveled = new ConsoleLogger({ logLevels });
    this.forwardTo?.setLogLevels?.(logLevels);
  }

  /** @internal Takes an entry that Nest's logger got. */
  take(level: LogLevel, message: unknown, rest: unknown[]): void {
    if (this.leveled?.isLevelEnabled(level) === false) return;
    if (!this.keep(level, message, rest)) return;
    this.isForwarding = true;
    try {
      this.forwardTo?.[level]?.(message, ...rest);
    } finally {
      this.isForwarding = false;
    }
  }

  /** @internal Takes an entry that another logger wrote, unless it was forwarded to that logger. */
  takeWritten({ level, message, rest }: WrittenEntry): void {
    if (!this.isForwarding) this.keep(level, message, rest);
  }

  /** @internal Takes an entry that a node in another process has recorded. @returns its `seq` in the timeline */
  takeRecorded(logged: Extract<Happening, { kind: 'logged' }>, cause: Cause | undefined): number {
    const { level, text: message, context, params, stack } = logged;
    this.captured.push({ level, message, context, params, stack, cause, at: now() - this.start, attributed: true });
    const seq = this.record(logged, cause);
    this.activity.changed();
    return seq;
  }

  private concerns(running: ExecutionContext | undefined): boolean {
    return !running || running.app === this.app;
  }

  /** @returns `false` if the entry belongs to another app */
  private keep(level: LogLevel, message: unknown, rest: readonly unknown[]): boolean {
    const running = executionContext.getStore();
    if (!this.concerns(running)) return false;
    const entry: LogEntry = {
      level,
      message,
      ...split(level, rest),
      at: now() - this.start,
      cause: running?.cause,
      attributed: running !== undefined,
    };
    this.captured.push(entry);
    const { context, params } = entry;
    const [text, stack] = [textOf(entry), stackOf(entry)];
    this.record({ kind: 'logged', level, context, text, params, stack }, running?.cause);
    this.activity.changed();
    return true;
  }
}

/**
 * The only logger of the process while apps under test are alive. Nest has a single static logger, and the last app to
 * boot would take it from the others. So all apps share this logger, which gives each entry to all captures.
 */
export class LogTee implements LoggerService {
  private readonly captures = new Set<LogCapture>();
  private toldByPino: string | undefined;

  private constructor(private readonly former: LoggerService | undefined) {}

  static join(capture: LogCapture): LogTee {
    const current = currentLogger();
    const tee = current instanceof LogTee ? current : new LogTee(current);
    if (tee.captures.size === 0) subscribe(PINO, tee.onPino);
    tee.captures.add(capture);
    Logger.overrideLogger(tee);
    return tee;
  }

  /** Becomes Nest's logger again after the app has set its own, and forwards the entries to that one. */
  adopt(capture: LogCapture): void {
    const chosen = currentLogger();
    if (chosen === this) return;
    capture.forwardTo = chosen;
    Logger.overrideLogger(this);
  }

  /** Ends the capture. The last capture restores Nest's former logger. */
  leave(capture: LogCapture): void {
    this.captures.delete(capture);
    if (this.captures.size > 0) return;
    unsubscribe(PINO, this.onPino);
    if (currentLogger() === this) Logger.overrideLogger(this.former ?? false);
  }

  /** Takes a line that another logger wrote. pino may have published the same line before. */
  takeLine(line: string): void {
    if (line !== this.toldByPino) this.takeWritten(readLine(line));
    this.toldByPino = undefined;
  }

  private takeWritten(entry: WrittenEntry): void {
    for (const capture of this.captures) capture.takeWritten(entry);
  }

  private readonly onPino = (message: unknown): void => {
    const { result, arguments: given } = message as PinoMessage;
    // If pino failed on the entry, there is no line.
    if (result === undefined) return;
    this.toldByPino = result.trimEnd();
    this.takeWritten(readLine(result, given[2]));
  };

  /** Nest calls it when an app chooses its levels, for example `logger: ['error']`. */
  setLogLevels(levels: LogLevel[]): void {
    for (const capture of this.captures) capture.setLevels(levels);
  }

  log = this.at('log');
  error = this.at('error');
  warn = this.at('warn');
  debug = this.at('debug');
  verbose = this.at('verbose');
  fatal = this.at('fatal');

  private at(level: LogLevel): (message: unknown, ...rest: unknown[]) => void {
    return (message, ...rest) => {
      for (const capture of this.captures) capture.take(level, message, rest);
    };
  }
}

/** Gives the apps under test a line that a logger other than Nest's has written. */
export function takeLine(line: string): void {
  const logger = currentLogger();
  if (logger instanceof LogTee) logger.takeLine(line);
}

/** Splits what Nest's loggers pass after the message: parameters, a stack for errors, then the context. */
function split(level: LogLevel, rest: readonly unknown[]): Pick<LogEntry, 'params' | 'context' | 'stack'> {
  const params = [...rest];
  const context = typeof params.at(-1) === 'string' && !isStack(params.at(-1)) ? (params.pop() as string) : undefined;
  if (level !== 'error' && level !== 'fatal') return { params, context };
  // Nest's Logger passes `undefined` if an error has no stack.
  const position = params.findIndex(isStack);
  const stack = position === -1 ? undefined : (params.splice(position, 1)[0] as string);
  return { params: params.filter((param) => param !== undefined), context, stack };
}

function isStack(value: unknown): boolean {
  return typeof value === 'string' && /\n\s+at .+/.test(value);
}
