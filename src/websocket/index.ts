export { Authentication } from './authentication/authentication.js';
export type {
  Authenticate,
  AuthenticatedSocket,
  AuthenticationOptions,
  Authenticator,
  Handshake,
} from './authentication/authentication.options.js';
export type { ErrorAnswer } from './errors/error-answer.js';
export type {
  CreateErrorEnvelope,
  ErrorEnvelopeFactory,
  ErrorsOptions,
  FailureContext,
} from './errors/errors.options.js';
export type { Ack, MessageHandler } from './dispatch/message-handler.js';
export { EventsGateway } from './events.gateway.js';
export { addressOf as clientAddressOf } from './flow/connection-flow.js';
export { FlowMetrics } from './flow/flow-metrics.js';
export { GatewayOptionsError } from './gateways/gateways.js';
export { GatewayPortError } from './gateways/server-places.js';
export type { TrustProxy } from './handshake/trusted-proxies.js';
export type { Limits, Rate } from './limits.options.js';
export { WebsocketOptionsError } from './option-rules.js';
export { RedisBackplane } from './redis-backplane.js';
export { RedisUnavailableError, type RedisClient } from './redis-connection.js';
export type { RedisOptions } from './redis.options.js';
export type { BeforeDrain } from './shutdown/before-drain.js';
export type { ShutdownOptions } from './shutdown/shutdown.options.js';
export { UncaughtFailures } from './shutdown/uncaught-failures.js';
export { WebsocketReadiness } from './shutdown/websocket-readiness.js';
export type { Namespace, Server, ServerOptions, Socket } from './socket.io.js';
export { WebsocketAdapter } from './websocket.adapter.js';
export { WebsocketModule } from './websocket.module.js';
export type { WebsocketOptions } from './websocket.options.js';
