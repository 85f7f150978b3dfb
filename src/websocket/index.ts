export { Authentication } from './authentication/authentication.js';
export type {
  Authenticate,
  AuthenticatedSocket,
  AuthenticationOptions,
  Authenticator,
  Handshake,
} from './options/authentication.options.js';
export { UnknownInternalsError } from './errors/unknown-internals.js';
export type { ErrorAnswer } from './errors/error-answer.js';
export type {
  CreateErrorEnvelope,
  ErrorEnvelopeFactory,
  ErrorsOptions,
  FailureContext,
} from './options/errors.options.js';
export type { Ack, MessageHandler } from './dispatch/message-handler.js';
export { EventsGateway } from './nest/events.gateway.js';
export { addressOf as clientAddressOf } from './flow/connection-flow.js';
export { FlowMetrics } from './flow/shared-flow.js';
export { GatewayOptionsError } from './nest/gateways.js';
export { GatewayPortError } from './nest/server-registry.js';
export type { TrustProxy } from './options/trust-proxy.js';
export type { Limits, Rate } from './options/limits.options.js';
export { WebsocketOptionsError } from './options/option-rules.js';
export { RedisBackplane } from './redis/redis-backplane.js';
export { RedisUnavailableError } from './redis/redis-connection.js';
export type { RedisClient, RedisOptions } from './options/redis.options.js';
export type { BeforeDrain } from './shutdown/before-drain.js';
export type { ShutdownOptions } from './options/shutdown.options.js';
export { UncaughtFailures } from './shutdown/uncaught-failures.js';
export { WebsocketReadiness } from './shutdown/shutdown.js';
export type { Namespace, Server, ServerOptions, Socket } from './socket-io/socket.io.js';
export { WebsocketAdapter } from './websocket.adapter.js';
export { WebsocketModule } from './websocket.module.js';
export type { WebsocketOptions } from './options/websocket.options.js';
