import type { AbstractHttpAdapter } from '@nestjs/core';
import type { TrustProxy, Trusts } from '../options/trust-proxy.js';

/** The app's HTTP framework: Express has a setting, Fastify has private options. */
interface HttpFramework {
  /** Express only: reads a setting. https://expressjs.com/en/guide/behind-proxies.html */
  get?(setting: string): unknown;
}

/** Fastify's symbol `kOptions`: https://github.com/fastify/fastify/blob/v5.6.0/lib/symbols.js */
const FASTIFY_OPTIONS = 'fastify.options';

/** Which proxies the app's HTTP adapter trusts: Express' setting `trust proxy`, or Fastify's option `trustProxy`. */
export function trustOfAdapter(adapter: AbstractHttpAdapter | undefined): TrustProxy {
  const framework = adapter?.getInstance<HttpFramework>();
  if (!framework) return false;
  // Express compiles any value of the setting to a function.
  if (adapter!.getType() === 'express')
    return framework.get?.('trust proxy') ? (framework.get('trust proxy fn') as Trusts) : false;
  if (adapter!.getType() !== 'fastify') return false;
  const options = Object.getOwnPropertySymbols(framework).find(({ description }) => description === FASTIFY_OPTIONS);
  const { trustProxy = false } = (options ? Reflect.get(framework, options) : {}) as { trustProxy?: TrustProxy | true };
  return trustProxy === true ? () => true : trustProxy;
}
