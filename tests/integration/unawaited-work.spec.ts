import { execFile, spawn } from 'node:child_process';
import { generateKeyPair, pbkdf2, pbkdf2Sync, randomBytes, subtle } from 'node:crypto';
import { lookup } from 'node:dns';
import { readFile } from 'node:fs';
import { open } from 'node:fs/promises';
import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import { connect as connectTcp, type AddressInfo, type Socket as TcpSocket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createGzip, gzip, gzipSync } from 'node:zlib';
import { Controller, Get, Injectable, Module, Post, Res } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { assertThat, startTestApp, startTestCluster, worlds, type TestApp } from 'nest-realtime-kit/testing';
import { realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { Server } from 'socket.io';
import { describe, expect, test } from 'vitest';
import { test as redisTest } from './support/redis.js';

const here = import.meta.filename;
const node = process.execPath;

/** Ways to begin something that ends by itself, and to go on when it has ended; `port` is the app's. */
const ways: Record<string, (then: () => void, port: number) => unknown> = {
  immediate: (then) => setImmediate(then),
  'fifty immediates, one after the other': (then) => {
    const step = (left: number): unknown => (left === 0 ? then() : setImmediate(step, left - 1));
    step(50);
  },
  'an immediate of timers/promises': (then) => immediate().then(then),
  'a file, by callback': (then) => readFile(here, then),
  'a file, by promises': async (then) => {
    await using file = await open(here);
    await file.readFile();
    then();
  },
  'streams in a pipeline': (then) =>
    pipeline(Readable.from(['a', 'b', 'c']), new PassThrough(), async (chunks) => {
      for await (const _chunk of chunks);
      then();
    }),
  'a name that is looked up': (then) => lookup('localhost', then),
  zlib: (then) => gzip(Buffer.alloc(1_000_000), then),
  'crypto, by callback': (then) => pbkdf2('secret', 'salt', 50_000, 32, 'sha256', then),
  'crypto, a pair of keys': (then) => generateKeyPair('ec', { namedCurve: 'P-256' }, then),
  'crypto, by promises': (then) => subtle.digest('SHA-256', Buffer.alloc(1_000_000)).then(then),
  'a child process': (then) => execFile(node, ['-e', '0'], then),
  'a child process that cannot be started': (then) => spawn('no-such-program').once('error', then),
  'a worker thread': (then) => {
    const worker = new Worker('require("node:worker_threads").parentPort.postMessage(1)', { eval: true });
    worker.once('message', then);
  },
  'a connection': (then, port) => {
    const socket = connectTcp(port, '127.0.0.1', () => {
      socket.destroy();
      then();
    });
  },
  'a connection that is refused': (then) => connectTcp(1, '127.0.0.1').once('error', then),
  fetch: (then, port) => fetch(`http://127.0.0.1:${port}/slow`).then(then),
  'fetch, and its body': async (then, port) => {
    const answer = await fetch(`http://127.0.0.1:${port}/slow`);
    await answer.text();
    then();
  },
  'a fetch that fails': (then) => fetch('http://127.0.0.1:1/').catch(then),
  'http.get': (then, port) => get(`http://127.0.0.1:${port}/slow`, (answer) => answer.resume().once('end', then)),
};

/** Requests to another server, which may leave them open, as a long poll. */
const polls: Record<string, (port: number) => unknown> = {
  fetch: (port) => fetch(`http://127.0.0.1:${port}`).catch(() => {}),
  'http.get': (port) => get(`http://127.0.0.1:${port}`).on('error', () => {}),
};

/** What is begun and goes on, or does nothing any more, in the way of pools, locks and agents. */
class Lasting {
  private readonly sockets: TcpSocket[] = [];
  private readonly agent = new Agent({ keepAlive: true });
  private readonly intervals: NodeJS.Timeout[] = [];
  private readonly workers: Worker[] = [];

  readonly ways: Record<string, (port: number) => unknown> = {
    'a pool that is opened lazily': (port) => this.sockets.push(connectTcp(port, '127.0.0.1')),
    'an agent that keeps its connections': (port) =>
      get(`http://127.0.0.1:${port}/slow`, { agent: this.agent }, (answer) => answer.resume()),
    'an answer that nobody reads': (port) => fetch(`http://127.0.0.1:${port}/slow`),
    'a fetch that is aborted': async (port) => {
      const controller = new AbortController();
      const fetched = fetch(`http://127.0.0.1:${port}/never`, { signal: controller.signal }).catch(() => {});
      setImmediate(() => controller.abort());
      await fetched;
    },
    'a request that is destroyed': (port) => {
      const request = get(`http://127.0.0.1:${port}/never`).on('error', () => {});
      request.once('socket', () => setImmediate(() => request.destroy()));
    },
    'a connection that is destroyed at once': (port) => connectTcp(port, '127.0.0.1').destroy(),
    'a lock that nobody gives back': () => new Promise(() => {}),
    'an interval': () => this.intervals.push(setInterval(() => {}, 10)),
    'a timer that is always begun anew': () => {
      const again = (): void => void this.intervals.push(setTimeout(again, 1));
      again();
    },
    'an immediate that is cleared': () => clearImmediate(setImmediate(() => {})),
    'zlib at once': () => gzipSync('text'),
    'crypto at once': () => [randomBytes(8), pbkdf2Sync('secret', 'salt', 1, 32, 'sha256')],
    'zlib that is given nothing': () => createGzip(),
    'a child process that is left to itself': () =>
      spawn(node, ['-e', 'setTimeout(() => {}, 2_000)'], { detached: true, stdio: 'ignore' }).unref(),
    'a worker thread that waits': async () => {
      const worker = new Worker('require("node:worker_threads").parentPort.on("message", () => {}).postMessage(1)', {
        eval: true,
      });
      this.workers.push(worker);
    },
  };

  async onModuleDestroy(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    for (const interval of this.intervals) clearInterval(interval);
    this.agent.destroy();
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

/** Does its jobs when its own time has come: nothing says who began them. */
@Injectable()
class JobQueue {
  private readonly jobs: (() => void)[] = [];
  private readonly worker = setInterval(() => this.jobs.shift()?.(), 30);

  add(job: () => void): void {
    this.jobs.push(job);
  }

  get isEmpty(): boolean {
    return this.jobs.length === 0;
  }

  onModuleDestroy(): void {
    clearInterval(this.worker);
  }
}

@WebSocketGateway()
class CarelessGateway extends Lasting {
  @WebSocketServer() private readonly server!: Server;

  constructor(private readonly queue: JobQueue) {
    super();
  }

  @SubscribeMessage('enqueue')
  enqueue(): void {
    this.queue.add(() => this.leak());
  }

  @SubscribeMessage('begin')
  begin(@MessageBody() way: string): void {
    void ways[way]!(() => this.leak(), this.port);
  }

  @SubscribeMessage('last')
  last(@MessageBody() way: string): void {
    void this.ways[way]!(this.port);
  }

  @SubscribeMessage('poll')
  poll(@MessageBody() { way, port }: { way: string; port: number }): void {
    void polls[way]!(port);
  }

  leak(): void {
    this.server.emit('leak');
  }

  private get port(): number {
    return (this.server.httpServer.address() as AddressInfo).port;
  }
}

/** Of a platform, as far as it matters here. */
interface Answer extends NodeJS.EventEmitter {
  send(text: string): void;
}

@Controller()
class OrdersController {
  constructor(private readonly gateway: CarelessGateway) {}

  @Get('slow')
  async slow(): Promise<string> {
    await delay(30);
    return 'slow';
  }

  @Get('never')
  never(): Promise<never> {
    return new Promise(() => {});
  }

  @Post('work-after-the-answer')
  async answered(@Res() answer: Answer): Promise<void> {
    answer.send('accepted');
    await pipeline(Readable.from(['a']), new PassThrough());
    readFile(here, () => this.gateway.leak());
  }

  @Post('work-that-nobody-awaits')
  unawaited(): string {
    readFile(here, () => this.gateway.leak());
    return 'accepted';
  }

  @Post('work-at-the-end-of-the-answer')
  finished(@Res({ passthrough: true }) answer: Answer): string {
    answer.once('finish', () => setImmediate(() => this.gateway.leak()));
    return 'accepted';
  }
}

@Module({ controllers: [OrdersController], providers: [CarelessGateway, JobQueue] })
class CarelessModule {}

describe.each(worlds({ transports: ['websocket', 'polling'] }))('over $name', ({ options }) => {
  const realtime = realtimeTest(CarelessModule, options);

  realtime.for(Object.keys(ways))('a negative assertion sees what comes after %s', async (way, { connect }) => {
    const [alice, bob] = await connect(2);
    alice.emit('begin', way);
    await expect(assertThat(bob).not.toReceive('leak')).rejects.toThrow('Expected client-2 not to receive "leak"');
  });

  realtime.for(Object.keys(new Lasting().ways))('settle() does not wait for %s', async (way, { app, connect }) => {
    const alice = await connect();
    alice.emit('last', way);
    await app.settle();
  });
});

test.each(['work-that-nobody-awaits', 'work-after-the-answer', 'work-at-the-end-of-the-answer'])(
  'a negative assertion sees what comes of an HTTP request, and names the request: %s',
  async (path) => {
    await using app = await startTestApp(CarelessModule);
    const bob = await app.connect({ name: 'bob' });
    const answer = await fetch(`${app.url}/${path}?token=secret`, { method: 'POST' });
    expect(await answer.text()).toBe('accepted');
    const line = `bob ← "leak" ()  ← POST /${path}`;
    await expect(assertThat(bob).not.toReceive('leak')).rejects.toThrow(line);
  },
);

test.for(Object.keys(polls))('%s that stays open is skipped by ignoreOpenStreams', async (way) => {
  const upstream = createServer(() => {}).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  try {
    await using app = await startTestApp(CarelessModule);
    const alice = await app.connect();
    alice.emit('poll', { way, port: (upstream.address() as AddressInfo).port });
    await expect(app.settle({ timeout: 200 })).rejects.toThrow(
      /open for \d+ ms[^]+settle\({ ignoreOpenStreams: true }\)/,
    );
    await app.settle({ ignoreOpenStreams: true });
  } finally {
    upstream.closeAllConnections();
    upstream.close();
  }
});

describe('the option `idle`', () => {
  const idle = [(app: TestApp) => app.get(JobQueue).isEmpty];

  test('makes a negative assertion wait for work that only the app knows of', async () => {
    await using app = await startTestApp(CarelessModule, { idle });
    const [alice, bob] = await app.connect(2);
    alice.emit('enqueue');
    await expect(assertThat(bob).not.toReceive('leak')).rejects.toThrow('client-2 got "leak"');
  });

  redisTest('applies to every node of a cluster', async ({ redisUrl }) => {
    await using cluster = await startTestCluster(CarelessModule, { redis: { url: redisUrl }, idle });
    const [alice, bob] = [await cluster.connect({ name: 'alice' }), await cluster.connect({ name: 'bob' })];
    alice.emit('enqueue');
    await expect(assertThat(bob).not.toReceive('leak')).rejects.toThrow('bob got "leak"');
  });

  test('is named when settle() times out', async () => {
    await using app = await startTestApp(CarelessModule, { idle: [async () => false] });
    await expect(app.settle({ timeout: 50 })).rejects.toThrow(
      'a check of the option `idle` says that there is something to do',
    );
  });

  test('makes settle() reject with the error of a check that throws', async () => {
    const failing = (): never => {
      throw new Error('no connection to the queue');
    };
    await using app = await startTestApp(CarelessModule, { idle: [failing] });
    await expect(app.settle()).rejects.toThrow('no connection to the queue');
  });
});

test('at its deadline settle() names the work, and the event that began it', async () => {
  await using app = await startTestApp(CarelessModule);
  const alice = await app.connect({ name: 'alice' });
  alice.emit('begin', 'fetch, and its body');
  await expect(app.settle({ timeout: 15 })).rejects.toThrow(
    /fetch of GET http:\/\/127\.0\.0\.1:\d+\/slow, begun by alice's "begin", open for \d+ ms/,
  );
  await app.settle();
});
