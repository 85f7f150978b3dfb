import type { TimelineEntry } from './entry.js';

/** Whether it says what goes without saying: that an event was handled, or what Nest logs about itself as it boots. */
export function isRoutine(entry: TimelineEntry): boolean {
  if (entry.kind === 'handled') return true;
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
