import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

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
