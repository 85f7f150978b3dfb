import type { INestApplication } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { ObservedApp } from './observed-app.js';
import { observeJobs } from './observe-jobs.js';
import { observeWork } from './observe-work.js';
import type { Refusals } from './refused-events.js';
import { ServerObserver } from './server-observer.js';

/** Observes an app that is set up and not initialised yet. */
export function observeApp(app: ObservedApp, refusals?: Refusals): ServerObserver {
  app.undo.push(observeWork(app.identity, app.activity));
  observeJobs(app);
  const observer = new ServerObserver(app, refusals);
  observer.install(adapterOf(app.nest));
  return observer;
}

/** Sets the adapter early, so that it can be observed. By default it is the one that Nest would create. */
function adapterOf(nest: INestApplication): IoAdapter {
  const config = nest.get(ApplicationConfig);
  const adapter = (config.getIoAdapter() as IoAdapter | null) ?? new IoAdapter(nest.getHttpServer());
  config.setIoAdapter(adapter);
  return adapter;
}
