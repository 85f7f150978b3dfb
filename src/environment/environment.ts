import type { WebsocketOptions } from '../websocket/index.js';
import { authenticateByTokens } from './tokens.js';
import { EnvironmentError, Variables } from './variables.js';

/** The settings of the reference server. docs/reference/reference-server.md lists their variables. */
export interface Environment {
  port: number;
  /** If undefined, the server listens on every interface. */
  host: string | undefined;
  logFormat: 'text' | 'json';
  /** How long closing may take, in milliseconds. */
  shutdownTimeout: number;
  /** An option that is not set has the module's default. */
  websocket: WebsocketOptions;
}

/**
 * Reads and checks the environment variables.
 *
 * @throws EnvironmentError for the first variable that is not valid
 */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const variables = new Variables(env);
  const shutdownTimeout = variables.count('SHUTDOWN_TIMEOUT_MS', 'milliseconds') ?? 10_000;
  return {
    port: readPort(variables),
    host: variables.text('HOST'),
    logFormat: variables.choice('LOG_FORMAT', ['text', 'json']) ?? 'text',
    shutdownTimeout,
    websocket: {
      cors: { origin: readOrigins(variables, env.NODE_ENV === 'production') },
      allowMissingOrigin: variables.switch('WEBSOCKET_ALLOW_MISSING_ORIGIN'),
      trustProxy: readTrustProxy(variables),
      authentication: readAuthentication(variables),
      logDetails: variables.switch('WEBSOCKET_LOG_DETAILS'),
      redis: readRedis(variables),
      handleConnectionTimeout: variables.count('WEBSOCKET_HANDLE_CONNECTION_TIMEOUT_MS', 'milliseconds'),
      maxHttpBufferSize: variables.count('WEBSOCKET_MAX_MESSAGE_BYTES', 'bytes'),
      maxNesting: variables.count('WEBSOCKET_MAX_NESTING', 'levels'),
      maxBufferedBytes: variables.count('WEBSOCKET_MAX_BUFFERED_BYTES', 'bytes'),
      stallTimeout: variables.count('WEBSOCKET_STALL_TIMEOUT_MS', 'milliseconds'),
      maxTotalBufferedBytes: variables.count('WEBSOCKET_MAX_TOTAL_BUFFERED_BYTES', 'bytes'),
      limits: readLimits(variables),
      shutdown: {
        timeout: shutdownTimeout,
        event: variables.text('SHUTDOWN_EVENT'),
        batchSize: variables.count('SHUTDOWN_BATCH_SIZE', 'clients'),
        batchInterval: variables.count('SHUTDOWN_BATCH_INTERVAL_MS', 'milliseconds'),
        onUncaught: variables.choice('ON_UNCAUGHT', ['drain', 'ignore']),
      },
    },
  };
}

function readPort(variables: Variables): number {
  const value = variables.text('PORT');
  if (!value) return 3000;
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw new EnvironmentError('PORT', value, 'a number from 0 to 65535');
}

function readOrigins(variables: Variables, production: boolean): string | string[] {
  const variable = 'WEBSOCKET_CORS_ORIGIN';
  const expected = 'origins such as "https://app.example.com", separated by commas, or "*"';
  const origins = variables.list(variable);
  if (origins.length === 0) {
    if (!production) return '*';
    throw new EnvironmentError(variable, variables.text(variable), `${expected}, with NODE_ENV=production`);
  }
  if (origins.length === 1 && origins[0] === '*') return '*';
  for (const origin of origins) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw new EnvironmentError(variable, variables.text(variable), expected);
  }
  return origins;
}

function readTrustProxy(variables: Variables): number | string[] | false | undefined {
  const proxies = variables.list('WEBSOCKET_TRUST_PROXY');
  if (proxies.length === 0) return undefined;
  const [first] = proxies;
  if (first === 'off') return false;
  return proxies.length === 1 && /^[1-9]\d?$/.test(first!) ? Number(first) : proxies;
}

function readAuthentication(variables: Variables): WebsocketOptions['authentication'] {
  const variable = 'WEBSOCKET_TOKENS';
  const pairs = variables.list(variable);
  if (pairs.length === 0) return undefined;
  return {
    use: authenticateByTokens(variable, pairs),
    recheckInterval: variables.count('WEBSOCKET_RECHECK_INTERVAL_MS', 'milliseconds'),
  };
}

function readRedis(variables: Variables): { url: string } | undefined {
  const url = variables.text('REDIS_URL');
  if (!url) return undefined;
  if (/^rediss?:\/\//.test(url) && URL.canParse(url)) return { url };
  const shown = url.replace(/\/\/.*@/s, '//***@');
  throw new EnvironmentError('REDIS_URL', shown, 'a URL such as "redis://localhost:6379"');
}

function readLimits(variables: Variables): WebsocketOptions['limits'] {
  if (variables.switch('WEBSOCKET_LIMITS') === false) return false;
  return {
    connections: variables.count('WEBSOCKET_MAX_CONNECTIONS', 'connections'),
    connectionsPerAddress: variables.count('WEBSOCKET_MAX_CONNECTIONS_PER_ADDRESS', 'connections'),
    connectRate: variables.rate('WEBSOCKET_CONNECT_RATE'),
    messageRate: variables.rate('WEBSOCKET_MESSAGE_RATE'),
    byteRate: variables.rate('WEBSOCKET_BYTE_RATE'),
    maxTimeOverRate: variables.count('WEBSOCKET_MAX_TIME_OVER_RATE_MS', 'milliseconds'),
  };
}
