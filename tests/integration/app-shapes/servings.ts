import type { DynamicModule, Type } from '@nestjs/common';
import { WebsocketModule } from 'nest-realtime-kit';

export type Imports = readonly (Type | DynamicModule)[];

/** What an app imports to be served, by plain Nest and by `WebsocketModule`. Nothing else of the app differs. */
export const servings: [kind: string, imports: Imports][] = [
  ['plain Nest', []],
  ['WebsocketModule', [WebsocketModule]],
];
