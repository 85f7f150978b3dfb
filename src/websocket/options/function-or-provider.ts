import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { textOf } from '../errors/report-error.js';
import { WebsocketOptionsError, isClass } from './option-rules.js';

/**
 * The function that an option stands for: itself, or the method of the provider whose class it is.
 *
 * @throws WebsocketOptionsError when the provider cannot be had, or has no such method
 */
export function functionOf<Name extends string, Call extends (...args: never[]) => unknown>(
  moduleRef: ModuleRef,
  option: string,
  use: Call | Type<Record<Name, Call>>,
  method: Name,
): Call {
  if (!isProvider(use, method)) return use;
  let provider: Record<Name, Call>;
  try {
    provider = moduleRef.get(use, { strict: false });
  } catch (error) {
    throw new WebsocketOptionsError(
      option,
      use,
      `a function, or the class of a provider that the app has once. Provide it in a module, without a scope: ${textOf(error)}`,
    );
  }
  if (typeof Object(provider)[method] !== 'function')
    throw new WebsocketOptionsError(option, use, `a provider with a method ${method}()`);
  return ((...args: Parameters<Call>) => provider[method](...args)) as Call;
}

function isProvider<Name extends string, Call>(
  use: Call | Type<Record<Name, Call>>,
  method: Name,
): use is Type<Record<Name, Call>> {
  const { prototype } = use as { prototype?: object };
  return isClass(use) || (prototype !== undefined && method in prototype);
}
