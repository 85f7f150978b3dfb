import { ConfigurableModuleBuilder, Inject, Module, type DynamicModule } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { Authentication } from './authentication/authentication.js';
import { Connections } from './connection/connections.js';
import { InFlight } from './nest/in-flight.js';
import { NestPipeline } from './nest/pipeline.js';
import { Failures } from './dispatch/failures.js';
import { EventsGateway } from './nest/events.gateway.js';
import { Flow, FlowMetrics } from './flow/shared-flow.js';
import { Gateways } from './nest/gateways.js';
import { CircuitBreaker } from './handshake/circuit-breaker.js';
import { ClientAddresses } from './handshake/client-addresses.js';
import { ConnectionLimits } from './handshake/connection-limits.js';
import { Admission } from './handshake/admission.js';
import { RedisBackplane } from './redis/redis-backplane.js';
import { Shutdown, WebsocketReadiness } from './shutdown/shutdown.js';
import { UncaughtFailures } from './shutdown/uncaught-failures.js';
import { verifySocketIo } from './socket-io/private-members.js';
import { WebsocketAdapter } from './websocket.adapter.js';
import { WEBSOCKET_OPTIONS, resolveWebsocketOptions } from './options/websocket.options.js';
import type { ResolvedWebsocketOptions, WebsocketOptions } from './options/websocket.options.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<WebsocketOptions>({
  moduleName: 'Websocket',
})
  .setClassMethodName('forRoot')
  .setExtras({ isGlobal: false }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();

/**
 * Adds Socket.IO to a Nest app with one import: `WebsocketModule` itself, {@link WebsocketModule.forRoot} or
 * {@link WebsocketModule.forRootAsync}. `main.ts` needs no changes.
 *
 * @example
 * ```ts
 * @Module({ imports: [WebsocketModule.forRoot({ cors: { origin: ['https://app.example.com'] } })] })
 * export class AppModule {}
 * ```
 */
@Module({
  providers: [
    EventsGateway,
    WebsocketAdapter,
    {
      provide: WEBSOCKET_OPTIONS,
      inject: [{ token: MODULE_OPTIONS_TOKEN, optional: true }],
      useFactory: async (options?: WebsocketOptions) => {
        await verifySocketIo();
        return resolveWebsocketOptions(options);
      },
    },
    Gateways,
    NestPipeline,
    InFlight,
    Failures,
    Authentication,
    ClientAddresses,
    ConnectionLimits,
    CircuitBreaker,
    Admission,
    FlowMetrics,
    Flow,
    Connections,
    Shutdown,
    WebsocketReadiness,
    UncaughtFailures,
    {
      provide: RedisBackplane,
      inject: [WEBSOCKET_OPTIONS],
      useFactory: async ({ redis }: ResolvedWebsocketOptions) => redis && RedisBackplane.open(redis),
    },
  ],
  exports: [
    EventsGateway,
    Authentication,
    FlowMetrics,
    WebsocketReadiness,
    UncaughtFailures,
    WEBSOCKET_OPTIONS,
    // A subclass of the adapter injects these.
    Gateways,
    Admission,
    Flow,
    Connections,
    Shutdown,
    RedisBackplane,
  ],
})
export class WebsocketModule extends ConfigurableModuleClass {
  constructor(
    @Inject(ApplicationConfig) applicationConfig: ApplicationConfig,
    @Inject(WebsocketAdapter) adapter: WebsocketAdapter,
  ) {
    super();
    if (applicationConfig.getIoAdapter() instanceof WebsocketAdapter) {
      throw new Error(
        'WebsocketModule is set up more than once. ' +
          'Import it in one module, with forRoot or forRootAsync; { isGlobal: true } makes EventsGateway injectable everywhere.',
      );
    }
    // Nest asks for the adapter when it registers the gateways, after all modules are instantiated.
    applicationConfig.setIoAdapter(adapter);
    refuseOtherAdapters(applicationConfig);
  }

  static override forRoot(options: Parameters<typeof ConfigurableModuleClass.forRoot>[0] = {}): DynamicModule {
    return super.forRoot(options);
  }
}

/** With another adapter, the gateways would silently lose all that the module does. */
function refuseOtherAdapters(applicationConfig: ApplicationConfig): void {
  const setIoAdapter = applicationConfig.setIoAdapter.bind(applicationConfig);
  applicationConfig.setIoAdapter = (adapter) => {
    if (!(adapter instanceof WebsocketAdapter)) {
      throw new Error(
        `WebsocketModule has set the adapter of this app; ${adapter.constructor.name} would replace it, and switch off ` +
          'authentication, limits, error answers and the drain. Delete the line app.useWebSocketAdapter(...). ' +
          "Options that it gives to Socket.IO go into WebsocketModule.forRoot({ ... }) by the same names, Redis as { redis: { url } }, an adapter of Socket.IO's as { adapter }; " +
          'what else it does goes into a subclass of WebsocketAdapter, set by app.useWebSocketAdapter(app.get(TheSubclass)).',
      );
    }
    if (!adapter.isProvided) {
      throw new Error(
        `${adapter.constructor.name} has not what WebsocketModule gives to its adapter. Make it a provider of a module that ` +
          `imports WebsocketModule, and set it by app.useWebSocketAdapter(app.get(${adapter.constructor.name})).`,
      );
    }
    setIoAdapter(adapter);
  };
}
