import { Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { GuardsConsumer } from '@nestjs/core/guards/guards-consumer.js';
import { GuardsContextCreator } from '@nestjs/core/guards/guards-context-creator.js';
import { Injector } from '@nestjs/core/injector/injector.js';
import { InterceptorsConsumer } from '@nestjs/core/interceptors/interceptors-consumer.js';
import { InterceptorsContextCreator } from '@nestjs/core/interceptors/interceptors-context-creator.js';
import { PipesContextCreator } from '@nestjs/core/pipes/pipes-context-creator.js';
import { AbstractWsAdapter } from '@nestjs/websockets';
import { ExceptionFiltersContext } from '@nestjs/websockets/context/exception-filters-context.js';
import { WsContextCreator } from '@nestjs/websockets/context/ws-context-creator.js';
import { WsExceptionsHandler } from '@nestjs/websockets/exceptions/ws-exceptions-handler.js';
import { GatewayMetadataExplorer } from '@nestjs/websockets/gateway-metadata-explorer.js';
import type { PrivateMembers } from '../errors/private-members.js';

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
