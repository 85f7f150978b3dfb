import type { Scenario } from '../support/scenario.js';
import { acks } from './acks.js';
import { broadcasts } from './broadcasts.js';
import { connection } from './connection.js';
import { errors } from './errors.js';
import { filters } from './filters.js';
import { guards } from './guards.js';
import { hooks } from './hooks.js';
import { interceptors } from './interceptors.js';
import { listeners } from './listeners.js';
import { messages } from './messages.js';
import { middlewares } from './middlewares.js';
import { namespaces } from './namespaces.js';
import { observables } from './observables.js';
import { pipes } from './pipes.js';
import { recovery } from './recovery.js';
import { scopes } from './scopes.js';
import { wrongInput } from './wrong-input.js';
import { wrongUse } from './wrong-use.js';

/** By theme. */
export const scenarios: Readonly<Record<string, readonly Scenario[]>> = {
  messages,
  acks,
  observables,
  errors,
  guards,
  pipes,
  interceptors,
  filters,
  hooks,
  listeners,
  middlewares,
  namespaces,
  broadcasts,
  connection,
  recovery,
  scopes,
  'wrong input': wrongInput,
  'wrong use': wrongUse,
};
