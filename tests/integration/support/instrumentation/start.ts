import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** A server in a process of its own, which an instrumentation patches before Nest is loaded. */
export interface InstrumentedServer extends AsyncDisposable {
  /** Where it serves its apps, by how they are served. */
  readonly urls: ReadonlyMap<string, string>;
  /** What it has recorded since it was last asked. */
  recorded(): Promise<unknown>;
}

/** Starts a script that stands beside this file. */
export async function startInstrumented(script: string, env: Record<string, string> = {}): Promise<InstrumentedServer> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = fork(path, { env: { PATH: process.env.PATH, ...env }, execArgv: [] });
  const exited = once(child, 'exit');
  const died = exited.then(([code]) => {
    throw new Error(`${script} has ended: ${String(code)}`);
  });
  died.catch(() => {}); // whoever waits for a message is told
  const message = async (): Promise<unknown> => {
    const [said] = (await Promise.race([once(child, 'message'), died])) as [unknown];
    return said;
  };
  return {
    urls: new Map(Object.entries((await message()) as Record<string, string>)),
    async recorded() {
      const answer = message();
      child.send('recorded');
      return answer;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** What Observe sends of an operation. */
export interface Trace {
  /** Its protocol. */
  readonly p: string;
  /** What is done. */
  readonly op: string;
}

/** Takes the place of Observe's collector. */
export interface Collector extends AsyncDisposable {
  readonly url: string;
  /** The traces of a service that have come before its first one of this protocol. */
  tracesUntil(protocol: string, serviceId: string): Promise<readonly Trace[]>;
}

interface Batch {
  readonly serviceId: string;
  readonly snapshots?: readonly Trace[];
}

export async function startCollector(): Promise<Collector> {
  const batches: Batch[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    batches.push(JSON.parse(gunzipSync(await buffer(request)).toString()) as Batch);
    response.end('{}');
    server.emit('batch');
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async tracesUntil(protocol, serviceId) {
      for (;;) {
        const own = batches.filter((batch) => batch.serviceId === serviceId);
        const traces = own.flatMap(({ snapshots = [] }) => snapshots);
        const last = traces.findIndex(({ p }) => p === protocol);
        if (last >= 0) return traces.slice(0, last);
        await once(server, 'batch');
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
