import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, NestInterceptor, PipeTransform } from '@nestjs/common';
import { MetadataScanner, ModuleRef } from '@nestjs/core';
import type { ContextId } from '@nestjs/core';
import { GuardsContextCreator } from '@nestjs/core/guards/guards-context-creator.js';
import { GuardsConsumer } from '@nestjs/core/guards/guards-consumer.js';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import { InterceptorsConsumer } from '@nestjs/core/interceptors/interceptors-consumer.js';
import { InterceptorsContextCreator } from '@nestjs/core/interceptors/interceptors-context-creator.js';
import { ParamsTokenFactory } from '@nestjs/core/pipes/params-token-factory.js';
import { PipesConsumer } from '@nestjs/core/pipes/pipes-consumer.js';
import { PipesContextCreator } from '@nestjs/core/pipes/pipes-context-creator.js';
import { ExceptionFiltersContext } from '@nestjs/websockets/context/exception-filters-context.js';
import { WsContextCreator } from '@nestjs/websockets/context/ws-context-creator.js';
import { WsProxy } from '@nestjs/websockets/context/ws-proxy.js';
import { WsParamtype } from '@nestjs/websockets/enums/ws-paramtype.enum.js';
import { GatewayMetadataExplorer } from '@nestjs/websockets/gateway-metadata-explorer.js';
import { WebSocketsController } from '@nestjs/websockets/web-sockets-controller.js';

/** A method, with what is decorated onto it. */
export interface HandlerMethod {
  readonly name: string;
  readonly event: string;
  readonly acksItself: boolean;
  readonly callback: (...args: unknown[]) => unknown;
}

/** What is passed for one parameter of a method. */
export interface Parameter {
  readonly index: number;
  /** Takes it out of the arguments that guards see: client, data, ack, pattern. */
  extract(args: readonly unknown[]): unknown;
  readonly pipes: readonly PipeTransform[];
  /** For the pipes. */
  readonly metadata: Parameters<PipeTransform['transform']>[1];
}

/** An exception filter, and what it catches: nothing listed is everything. */
export interface Filter {
  func(error: unknown, host: object): unknown;
  readonly exceptionMetatypes: readonly (new (...args: never[]) => unknown)[];
}

/** All that runs around a method: global, of the class and of the method, in this order. */
export interface Enhancers {
  readonly guards: readonly CanActivate[];
  readonly interceptors: readonly NestInterceptor[];
  readonly parameters: readonly Parameter[];
  /** The closest to the method comes first. */
  readonly filters: readonly Filter[];
}

/** What Nest's context creator knows of a parameter. */
interface KnownParameter {
  index: number;
  type: number | string;
  data?: unknown;
  metatype?: unknown;
  schema?: unknown;
  pipes: PipeTransform[];
  extractValue(...args: unknown[]): unknown;
}

/** From Nest 12 on, global guards, interceptors and pipes run on gateways too; its controller takes more parts since. */
const GLOBALS_REACH_GATEWAYS = WebSocketsController.length > 5;

/**
 * What Nest has found of decorators, taken from the classes that its own dispatch is made of. They are public in
 * neither version; no documented seam gives a gateway's pipeline without the proxy that swallows its errors.
 */
@Injectable()
export class NestParts {
  readonly interceptorsConsumer = new InterceptorsConsumer();
  private readonly explorer = new GatewayMetadataExplorer(new MetadataScanner());
  private readonly tokens = new ParamsTokenFactory();
  private readonly guards: GuardsContextCreator;
  private readonly interceptors: InterceptorsContextCreator;
  private readonly pipes: PipesContextCreator;
  private readonly filters: ExceptionFiltersContext;
  private readonly contexts: WsContextCreator;

  constructor(@Inject(ModuleRef) moduleRef: ModuleRef) {
    const container = moduleRef['container'];
    const config = GLOBALS_REACH_GATEWAYS ? container.applicationConfig : undefined;
    this.guards = new GuardsContextCreator(container, config);
    this.interceptors = new InterceptorsContextCreator(container, config);
    this.pipes = new PipesContextCreator(container, config);
    this.filters = new ExceptionFiltersContext(container);
    this.contexts = new WsContextCreator(
      new WsProxy(),
      this.filters,
      this.pipes,
      new PipesConsumer(),
      this.guards,
      new GuardsConsumer(),
      this.interceptors,
      this.interceptorsConsumer,
    );
  }

  methodsOf(gateway: object): readonly HandlerMethod[] {
    return this.explorer
      .explore(gateway as never)
      .map(({ message, methodName, callback, isAckHandledManually }) => ({
        name: methodName,
        event: String(message),
        acksItself: isAckHandledManually,
        callback: callback as HandlerMethod['callback'],
      }));
  }

  /**
   * @param contextId of a request-scoped gateway, the context of its instance
   * @param inquirerId the provider that transient enhancers are made for
   */
  enhancersOf(
    gateway: object,
    { name, callback }: HandlerMethod,
    moduleKey: string,
    contextId: ContextId = STATIC_CONTEXT,
    inquirerId?: string,
  ): Enhancers {
    const context = [gateway as never, callback as never, moduleKey, contextId, inquirerId] as const;
    const pipes = this.pipes.create(...context);
    return {
      guards: this.guards.create(...context),
      interceptors: this.interceptors.create(...context),
      parameters: this.parametersOf(gateway, name, moduleKey, pipes),
      filters: this.filters.create(...context)['filters'] as readonly Filter[],
    };
  }

  private parametersOf(
    gateway: object,
    method: string,
    moduleKey: string,
    pipes: readonly PipeTransform[],
  ): readonly Parameter[] {
    const { getParamsMetadata, paramtypes } = this.contexts.getMetadata(gateway, method, 'ws');
    return (getParamsMetadata(moduleKey) as readonly KnownParameter[]).map((known) => ({
      index: known.index,
      extract: extractorOf(known),
      pipes: [...pipes, ...known.pipes],
      metadata: {
        type: this.tokens.exchangeEnumForString(known.type as never),
        metatype: (paramtypes as unknown[] | undefined)?.[known.index],
        data: known.data,
        schema: known.schema,
      } as Parameter['metadata'],
    }));
  }
}

/** As Nest's own extractor does it, with the questions asked at boot. */
function extractorOf(known: KnownParameter): Parameter['extract'] {
  const { type, data } = known;
  if (type === WsParamtype.SOCKET) return (args) => args[0];
  if (type === WsParamtype.PAYLOAD) {
    return data
      ? (args) => (args[1] as Record<string, unknown> | undefined)?.[data as string]
      : (args) => args[1];
  }
  if (type === WsParamtype.ACK) return (args) => args[2];
  return (args) => known.extractValue(...args);
}
