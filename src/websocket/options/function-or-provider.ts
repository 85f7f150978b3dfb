import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { textOf } from '../errors/report-error.js';
import { WebsocketOptionsError, isClass } from './option-rules.js';

/**
 * The function that an option stands for: itself, or the method of the provider whose class it is.
 *
 * @throws WebsocketOptionsError when the provider cannot be had, or has no such method
 */
export function functionOf<Call extends (...args: never[]) => unknown>(
  moduleRef: ModuleRef,
  option: string,
  use: Call | Type,
  method: string,
): Call {
  const { prototype } = use as { prototype?: object };
  if (!isClass(use) && !(prototype && method in prototype)) return use;
  let provider: Record<string, unknown>;
  try {
    provider = moduleRef.get(use as Type, { strict: false });
  } catch (error) {
    throw new WebsocketOptionsError(
      option,
      use,
      `a function, or the class of a provider that the app has once. Provide it in a module, without a scope: ${textOf(error)}`,
    );
  }
  if (typeof Object(provider)[method] !== 'function')
    throw new WebsocketOptionsError(option, use, `a provider with a method ${method}()`);
  return ((...args) => (provider[method] as Call)(...args)) as Call;
}
