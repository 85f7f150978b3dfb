import { Inject, Injectable, Logger, type ArgumentsHost, type OnModuleInit } from '@nestjs/common';
import { selectExceptionFilterMetadata } from '@nestjs/common/utils/select-exception-filter-metadata.util.js';
import { MetadataScanner, ModuleRef, type ApplicationConfig, type ContextId } from '@nestjs/core';
import { GuardsConsumer } from '@nestjs/core/guards/guards-consumer.js';
import { GuardsContextCreator } from '@nestjs/core/guards/guards-context-creator.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import { Injector } from '@nestjs/core/injector/injector.js';
import { InterceptorsConsumer } from '@nestjs/core/interceptors/interceptors-consumer.js';
import { InterceptorsContextCreator } from '@nestjs/core/interceptors/interceptors-context-creator.js';
import { PipesConsumer } from '@nestjs/core/pipes/pipes-consumer.js';
import { PipesContextCreator } from '@nestjs/core/pipes/pipes-context-creator.js';
import { AbstractWsAdapter, WsException } from '@nestjs/websockets';
import { ExceptionFiltersContext } from '@nestjs/websockets/context/exception-filters-context.js';
import { WsContextCreator } from '@nestjs/websockets/context/ws-context-creator.js';
import { WsExceptionsHandler } from '@nestjs/websockets/exceptions/ws-exceptions-handler.js';
import { GatewayMetadataExplorer } from '@nestjs/websockets/gateway-metadata-explorer.js';
import { WebSocketsController } from '@nestjs/websockets/web-sockets-controller.js';
import { catchError, isObservable } from 'rxjs';
import { FilteredError } from '../errors/error-answer.js';
import { isPromise } from '../errors/guarded-call.js';
import { requireMembers, type PrivateMembers } from '../errors/unknown-internals.js';
import type { Socket } from '../socket-io/socket.io.js';
import { handlerWork, InFlight } from './in-flight.js';

/**
 * The undocumented members of Nest that the module uses. Nest's own dispatch uses them
 * (https://github.com/nestjs/nest/blob/master/packages/websockets/web-sockets-controller.ts). There is no other way to
 * run it without the proxy that swallows errors.
 */
export const NEST_MEMBERS: PrivateMembers = {
  '@nestjs/common': [[Logger, 'staticInstanceRef']],
  '@nestjs/core': [
    [ModuleRef, 'container', 'injector'],
    [Injector, 'loadPerContext'],
    [GuardsConsumer, 'tryActivate'],
    [GuardsContextCreator, 'create'],
    [InterceptorsConsumer, 'intercept'],
    [InterceptorsContextCreator, 'create'],
    [PipesContextCreator, 'create'],
  ],
  '@nestjs/websockets': [
    [AbstractWsAdapter, 'forceCloseConnections', 'httpServer'],
    [ExceptionFiltersContext, 'create'],
    [GatewayMetadataExplorer, 'explore'],
    [WsContextCreator, 'create', 'getMetadata'],
    [WsExceptionsHandler, 'filters'],
  ],
};

/** The arguments that guards, interceptors and filters get, as in Nest: client, data, ack, pattern. */
type Args = [client: Socket, data: unknown, ack: unknown, pattern: string];
type Run = (...args: Args) => unknown;

/** A gateway method, with the metadata of its decorators. */
export interface HandlerMethod {
  readonly name: string;
  readonly event: string;
  readonly acksItself: boolean;
  readonly callback: (...args: unknown[]) => unknown;
}

/** Nest's metadata of a parameter. */
interface Parameter {
  readonly index: number;
  readonly pipes: readonly unknown[];
  extractValue(...args: Args): unknown;
}

class RefusingGuards extends GuardsConsumer {
  override async tryActivate(...args: Parameters<GuardsConsumer['tryActivate']>): Promise<boolean> {
    if (await super.tryActivate(...args)) return true;
    throw Object.assign(new WsException('Forbidden resource'), { code: 'FORBIDDEN' });
  }
}

/** Follows the handler itself. After a disconnect, nothing subscribes any more to the result of the interceptors. */
class FollowedInterceptors extends InterceptorsConsumer {
  constructor(private readonly inFlight: InFlight) {
    super();
  }

  override intercept(...given: Parameters<InterceptorsConsumer['intercept']>): Promise<unknown> {
    const [interceptors, args, instance, callback, next, type] = given;
    const [client, , , pattern] = args as Args;
    const followed = (): Promise<unknown> => {
      const result = next();
      this.inFlight.follow(handlerWork(pattern, client), result);
      return result;
    };
    return super.intercept(interceptors, args, instance, callback, interceptors.length > 0 ? followed : next, type);
  }
}

/** Since Nest 12, global guards, interceptors and pipes also run on gateways. Its controller has more parameters. */
const GLOBALS_REACH_GATEWAYS = WebSocketsController.length > 5;

/**
 * Nest's own pipeline around the methods of gateways. It is built from the classes that Nest's dispatch uses, without
 * the proxy that swallows errors. They are not public in Nest 11 or 12, and no documented API gives the pipeline of a
 * gateway without that proxy. A method without guards, interceptors, pipes and filters is called directly.
 */
@Injectable()
export class NestPipeline implements OnModuleInit {
  private readonly isTraced = isTraced();
  private readonly explorer = new GatewayMetadataExplorer(new MetadataScanner());
  private readonly config: ApplicationConfig | undefined;
  private readonly guards: GuardsContextCreator;
  private readonly interceptors: InterceptorsContextCreator;
  private readonly pipes: PipesContextCreator;
  private readonly filters: ExceptionFiltersContext;
  private readonly contexts: WsContextCreator;

  constructor(@Inject(ModuleRef) moduleRef: ModuleRef, @Inject(InFlight) inFlight: InFlight) {
    requireMembers(NEST_MEMBERS);
    const container = moduleRef['container'];
    const config = GLOBALS_REACH_GATEWAYS ? container.applicationConfig : undefined;
    this.config = config;
    this.guards = new GuardsContextCreator(container, config);
    this.interceptors = new InterceptorsContextCreator(container, config);
    this.pipes = new PipesContextCreator(container, config);
    this.filters = new ExceptionFiltersContext(container);
    this.contexts = new WsContextCreator(
      { create: withFilters } as never,
      this.filters,
      this.pipes,
      new PipesConsumer(),
      this.guards,
      new RefusingGuards(),
      this.interceptors,
      new FollowedInterceptors(inFlight),
    );
  }

  onModuleInit(): void {
    if (this.config) warnOfIgnoredGuards(this.config);
  }

  methodsOf(gateway: object): readonly HandlerMethod[] {
    return this.explorer.explore(gateway as never).map(({ message, methodName, callback, isAckHandledManually }) => ({
      name: methodName,
      event: String(message),
      acksItself: isAckHandledManually,
      callback: callback as HandlerMethod['callback'],
    }));
  }

  /**
   * @param contextId for a request-scoped gateway, the context of its instance
   * @param inquirerId the provider that transient enhancers are created for
   */
  around(
    gateway: object,
    { name, event, callback }: HandlerMethod,
    moduleKey: string,
    contextId: ContextId = STATIC_CONTEXT,
    inquirerId?: string,
  ): (client: Socket, data: unknown, ack: unknown) => unknown {
    const context = [gateway as never, callback as never, moduleKey, contextId, inquirerId] as const;
    const parameters = this.contexts.getMetadata(gateway, name, 'ws').getParamsMetadata(moduleKey) as Parameter[];
    const isPlain =
      !this.isTraced &&
      this.filters.create(...context)['filters'].length === 0 &&
      [this.guards, this.interceptors, this.pipes].every((creator) => creator.create(...context).length === 0) &&
      parameters.every(({ pipes }) => pipes.length === 0);
    const run = isPlain
      ? withParameters(gateway, callback, parameters)
      : (this.contexts.create(gateway, callback, moduleKey, name, contextId, inquirerId) as Run);
    return (client, data, ack) => run(client, data, ack, event);
  }
}

/** Nest runs request-scoped global guards only on gateways that are request-scoped themselves. */
function warnOfIgnoredGuards(config: ApplicationConfig): void {
  const names = config.getGlobalRequestGuards().map(({ metatype, name }) => metatype?.name ?? String(name));
  if (names.length === 0) return;
  new Logger('WebsocketModule').warn(
    `APP_GUARD ${names.join(', ')} is request-scoped, and Nest asks such a guard on gateways that are request-scoped ` +
      'themselves: events of all others are not guarded by it. Take its scope away, or put it on the gateways by @UseGuards().',
  );
}

/** Whether a tracer has patched Nest: then `create` is not the method in the source of its class. */
function isTraced(): boolean {
  return !String(WsContextCreator).includes(String(Reflect.get(WsContextCreator.prototype, 'create')));
}

/** Calls the method with the values that its parameter decorators extract from the arguments. */
function withParameters(gateway: object, callback: HandlerMethod['callback'], parameters: readonly Parameter[]): Run {
  if (parameters.length === 0) return (...args) => callback.apply(gateway, args);
  return (...args) => {
    const values: unknown[] = [];
    for (const parameter of parameters) values[parameter.index] = parameter.extractValue(...args);
    return callback.apply(gateway, values);
  };
}

/** Does what Nest's proxy does, without the default filter, which would send its own answer to the client. */
function withFilters(run: (...args: Args) => Promise<unknown>, handler: WsExceptionsHandler): Run {
  const filters = handler['filters'];
  if (filters.length === 0) return run;
  return async (...args) => {
    const host = new ExecutionContextHost(args);
    host.setType('ws');
    const onError = (error: unknown): unknown => filter(filters, error, host);
    const result = await run(...args).catch(onError);
    return isObservable(result) ? result.pipe(catchError((error) => onError(error) as Promise<never>)) : result;
  };
}

/**
 * Gives an error to the first filter that catches its kind.
 *
 * @throws FilteredError when that filter is done; the error itself when no filter catches it
 */
function filter(filters: WsExceptionsHandler['filters'], error: unknown, host: ArgumentsHost): unknown {
  const matching = selectExceptionFilterMetadata(filters, error);
  if (!matching) throw error;
  const done: unknown = matching.func(error, host);
  const failed = new FilteredError(error);
  if (!isPromise(done)) throw failed;
  return done.then(() => {
    throw failed;
  });
}
