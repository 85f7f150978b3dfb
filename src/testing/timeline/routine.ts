import type { TimelineEntry } from './entry.js';

/** Whether it is a line that Nest logs about itself, above all while it boots. */
export function isRoutine(entry: TimelineEntry): boolean {
  if (entry.kind !== 'logged' || entry.cause) return false;
  return QUIET.has(entry.level) && NEST_ITSELF.has(entry.context ?? '');
}

const QUIET = new Set(['log', 'debug', 'verbose']);

/** The contexts under which Nest logs about itself. */
export const NEST_ITSELF = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
  'WebSocketsController',
]);
