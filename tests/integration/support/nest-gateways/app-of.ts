import { Module, type Provider } from '@nestjs/common';
import { WebsocketModule } from 'nest-realtime-kit';
import type { AppModule } from 'nest-realtime-kit/testing';
import { Journal } from './journal.js';

/** An app of these gateways and providers, served by `WebsocketModule`; they can inject a {@link Journal}. */
export function appOf(...providers: Provider[]): AppModule {
  @Module({ imports: [WebsocketModule], providers: [Journal, ...providers] })
  class GatewayApp {}
  return GatewayApp;
}
