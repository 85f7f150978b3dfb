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
    logFormat: readLogFormat(env.LOG_FORMAT),
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

function readLogFormat(value: string | undefined): 'text' | 'json' {
  if (!value || value === 'text') return 'text';
  if (value === 'json') return 'json';
  throw new EnvironmentError('LOG_FORMAT', value, '"text" or "json"');
}
