import type { TimelineEntry } from './entry.js';

/** Whether an entry tells nothing new: an event was handled, or Nest logged about itself, as it does at boot. */
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
