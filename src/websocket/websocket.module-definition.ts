import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';
import { resolveWebsocketOptions, type WebsocketOptions } from './websocket.options.js';

export const { ConfigurableModuleClass: ConfigurableWebsocketModule, MODULE_OPTIONS_TOKEN: GIVEN_OPTIONS } =
  new ConfigurableModuleBuilder<WebsocketOptions>({ moduleName: 'Websocket' })
    .setClassMethodName('forRoot')
    .setExtras({ isGlobal: false }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();

/** Injection token of the module's options, checked and filled: `ResolvedWebsocketOptions`. */
export const WEBSOCKET_OPTIONS = Symbol('WEBSOCKET_OPTIONS');

export const websocketOptionsProvider: Provider = {
  provide: WEBSOCKET_OPTIONS,
  inject: [{ token: GIVEN_OPTIONS, optional: true }],
  useFactory: resolveWebsocketOptions,
};
