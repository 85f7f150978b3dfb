import type { AbstractHttpAdapter } from '@nestjs/core';
import type { TrustProxy } from '../options/trust-proxy.js';

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
  if (framework && adapter!.getType() === 'express') return trustOfExpress(framework);
  if (framework && adapter!.getType() === 'fastify') return trustOfFastify(framework);
  return false;
}

/** Express compiles any value of the setting to a function. */
function trustOfExpress(express: HttpFramework): TrustProxy {
  const trusts: unknown = express.get?.('trust proxy') && express.get('trust proxy fn');
  return typeof trusts === 'function' ? (trusts as TrustProxy) : false;
}

function trustOfFastify(fastify: HttpFramework): TrustProxy {
  const options = Object.getOwnPropertySymbols(fastify).find(({ description }) => description === FASTIFY_OPTIONS);
  const { trustProxy = false } = (options ? Reflect.get(fastify, options) : {}) as { trustProxy?: TrustProxy | true };
  return trustProxy === true ? () => true : trustProxy;
}
