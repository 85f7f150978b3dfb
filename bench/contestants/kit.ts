import { WebsocketModule, WebsocketOptionsError } from 'nest-realtime-kit';
import type { WebsocketOptions } from 'nest-realtime-kit';
import { UnsupportedError } from './unsupported.error.js';
import { bootNest } from './nest.js';

/** What a kit without limits and authentication does not know yet. */
type FutureOptions = WebsocketOptions & {
  limits?: false;
  authentication?: (handshake: unknown) => Promise<{ user: string }>;
};

const withoutLimits: FutureOptions = { limits: false, authentication: undefined };
const withDefaults: FutureOptions = { authentication: () => Promise.resolve({ user: 'a guest' }) };

/** The same app as plain Nest, with `WebsocketModule` imported and its limits off. */
export async function bootKit(handlers: number): Promise<number> {
  try {
    return await boot(handlers, withoutLimits);
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return boot(handlers, {}); // a kit that has no limits needs none switched off
  }
}

/**
 * The same, as one would deploy it: the limits as they are by default, and authentication at connect.
 *
 * @throws UnsupportedError when this version of the kit has none
 */
export function bootKitWithDefaults(handlers: number): Promise<number> {
  return boot(handlers, withDefaults);
}

async function boot(handlers: number, options: FutureOptions): Promise<number> {
  try {
    return await bootNest(handlers, [WebsocketModule.forRoot(options)]);
  } catch (error) {
    const isUnknown = error instanceof WebsocketOptionsError && error.expected.startsWith('one of these');
    throw isUnknown ? new UnsupportedError(`this kit has no option "${error.option}"`) : error;
  }
}
