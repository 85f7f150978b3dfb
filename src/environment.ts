/** What the reference server reads from its environment. */
export interface Environment {
  /** `PORT`. @default 3000 */
  port: number;
  /** `HOST`. @default every interface */
  host: string | undefined;
  /** `WEBSOCKET_CORS_ORIGIN`: origins, separated by commas. @default '*', and none in production */
  corsOrigin: string | string[];
  /** `REDIS_URL`. @default none: a single node */
  redisUrl: string | undefined;
  /** `LOG_FORMAT`. @default 'text' */
  logFormat: 'text' | 'json';
  /** How it leaves its clients; what is not set is the module's own default. */
  shutdown: {
    /** `SHUTDOWN_TIMEOUT_MS`. @default 10000 */
    timeout: number;
    /** `SHUTDOWN_EVENT` */
    event: string | undefined;
    /** `SHUTDOWN_BATCH_SIZE` */
    batchSize: number | undefined;
    /** `SHUTDOWN_BATCH_INTERVAL_MS` */
    batchInterval: number | undefined;
    /** `ON_UNCAUGHT` */
    onUncaught: 'drain' | 'ignore' | undefined;
  };
}

/** A variable that the server cannot start with. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(variable: string, value: string | undefined, expected: string) {
    super(`${variable} is ${value === undefined ? 'not set' : JSON.stringify(value)}; expected ${expected}`);
  }
}

/**
 * Reads and checks the environment.
 *
 * @throws EnvironmentError for the first variable that is not of its form
 */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  return {
    port: readPort(env.PORT),
    host: env.HOST || undefined,
    corsOrigin: readOrigins(env.WEBSOCKET_CORS_ORIGIN, env.NODE_ENV === 'production'),
    redisUrl: readRedisUrl(env.REDIS_URL),
    logFormat: readChoice('LOG_FORMAT', env.LOG_FORMAT, ['text', 'json']) ?? 'text',
    shutdown: {
      timeout: readCount('SHUTDOWN_TIMEOUT_MS', env.SHUTDOWN_TIMEOUT_MS, 'milliseconds') ?? 10_000,
      event: env.SHUTDOWN_EVENT || undefined,
      batchSize: readCount('SHUTDOWN_BATCH_SIZE', env.SHUTDOWN_BATCH_SIZE, 'clients'),
      batchInterval: readCount('SHUTDOWN_BATCH_INTERVAL_MS', env.SHUTDOWN_BATCH_INTERVAL_MS, 'milliseconds'),
      onUncaught: readChoice('ON_UNCAUGHT', env.ON_UNCAUGHT, ['drain', 'ignore']),
    },
  };
}

function readPort(value: string | undefined): number {
  if (!value) return 3000;
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw new EnvironmentError('PORT', value, 'a number from 0 to 65535');
}

function readOrigins(value: string | undefined, production: boolean): string | string[] {
  const expected = 'origins such as "https://app.example.com", separated by commas, or "*"';
  const origins = (value ?? '')
    .split(',')
    .map((origin) => origin.trim())
    .filter(Boolean);
  if (origins.length === 0) {
    if (production)
      throw new EnvironmentError('WEBSOCKET_CORS_ORIGIN', value, `${expected}, with NODE_ENV=production`);
    return '*';
  }
  if (origins.includes('*')) {
    if (origins.length > 1) throw new EnvironmentError('WEBSOCKET_CORS_ORIGIN', value, expected);
    return '*';
  }
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new EnvironmentError('WEBSOCKET_CORS_ORIGIN', value, expected);
    }
  }
  return origins;
}

function readRedisUrl(value: string | undefined): string | undefined {
  if (!value) return undefined;
  if (/^rediss?:\/\//.test(value) && URL.canParse(value)) return value;
  const shown = value.replace(/\/\/[^@/]*@/, '//***@');
  throw new EnvironmentError('REDIS_URL', shown, 'a URL such as "redis://localhost:6379"');
}

function readCount(variable: string, value: string | undefined, unit: string): number | undefined {
  if (!value) return undefined;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new EnvironmentError(variable, value, `a whole number of ${unit}, 1 or more`);
}

function readChoice<T extends string>(
  variable: string,
  value: string | undefined,
  choices: readonly [T, T],
): T | undefined {
  if (!value) return undefined;
  const choice = choices.find((known) => known === value);
  if (choice) return choice;
  throw new EnvironmentError(variable, value, choices.map((known) => `"${known}"`).join(' or '));
}
