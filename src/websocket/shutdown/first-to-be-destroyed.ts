import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/**
 * Has Nest call the shutdown hooks of a provider's module before those of all others. By itself it begins with the root
 * module, goes on by the distance from there, and ends with the global ones.
 *
 * Nest has no seam for it. `Module#distance` is internal; the modules are sorted by it once, before the first hook of the
 * app's start, so that this is to be called when the provider is made.
 */
export function destroyModuleFirst(modules: ModulesContainer, provider: Type): void {
  for (const module of modules.values()) if (module.providers.has(provider)) module.distance = -1;
}
