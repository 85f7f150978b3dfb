import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Server } from '../../websocket/index.js';
import { DEFAULT_TIMEOUT, bootTestApp, type AppModule, type TestAppOptions } from '../app/start-test-app.js';
import type { AppOptions } from '../app/running-app.js';
import { RemoteObserver } from '../child/remote-observer.js';
import type { EventsMap } from '../client/events-map.js';
import { answerNodeFences } from '../observer/nodes.js';
import { AppStartError } from '../report/errors.js';
import { stretched } from '../timing/deadline.js';
import { AppNode } from './app-node.js';
import type { Backplane } from './backplane/backplane.js';
import { createBackplanes, type BackplaneOptions } from './backplane/open-backplanes.js';
import { ChildNode } from './child-node.js';
import type { NodeStarter } from './node-starter.js';
import { RedisLinks, type ClusterRedis } from './redis-links.js';
import { TestCluster } from './test-cluster.js';

interface ClusterOptions {
  /** The number of nodes. @default 2 */
  nodes?: number;
}

/** Options of a cluster whose nodes are apps in this process. */
export interface TestClusterOptions extends TestAppOptions, ClusterOptions, BackplaneOptions {}

/** Options of a cluster whose nodes are processes. */
export interface ProcessClusterOptions
  extends Omit<AppOptions, 'idle'>, Pick<TestAppOptions, 'timeout' | 'timelineEntries'>, ClusterOptions {
  /**
   * The Redis that the app is to use. The processes get its address as the environment variable `REDIS_URL`, and as
   * `REDIS_KEY_PREFIX` what separates this cluster from others on the same Redis, for an app that reads it.
   */
  redis?: ClusterRedis & { keyPrefix?: string };
  /**
   * Environment variables, in addition to those of this process. `PORT` is 0, unless it is given here; whatever the app
   * asks for, it listens on a free port of 127.0.0.1.
   */
  env?: Readonly<Record<string, string | undefined>>;
  /** The working directory of the processes. @default that of this process */
  cwd?: string;
  /**
   * How long a node may take until it listens, in milliseconds.
   *
   * @default 30000
   */
  startTimeout?: number;
}

const START_TIMEOUT = 30_000;

/**
 * Boots an app several times, as the nodes of a cluster: what one node emits reaches the clients of all nodes. With a
 * module, the nodes are apps in this process. With the path of a built server, such as `dist/main.js`, each node is a
 * process of its own, started with `node`.
 *
 * @throws AppStartError when a node does not start, or the nodes do not see each other; nothing is left running
 */
export function startTestCluster<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
>(
  module: AppModule,
  options?: TestClusterOptions,
): Promise<TestCluster<ServerToClient, ClientToServer, AppNode<ServerToClient, ClientToServer>>>;
export function startTestCluster<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
>(
  script: string,
  options?: ProcessClusterOptions,
): Promise<TestCluster<ServerToClient, ClientToServer, ChildNode<ServerToClient, ClientToServer>>>;
export async function startTestCluster(
  app: AppModule | string,
  { nodes = 2, ...options }: TestClusterOptions & ProcessClusterOptions = {},
): Promise<TestCluster<EventsMap, EventsMap, AppNode | ChildNode>> {
  if (!Number.isInteger(nodes) || nodes < 1)
    throw new RangeError(`A cluster has at least one node; got nodes: ${nodes}.`);
  const isScript = typeof app === 'string';
  const timeout = stretched(options.timeout ?? DEFAULT_TIMEOUT);
  const starter: NodeStarter<AppNode | ChildNode> = isScript ? processes(app, timeout, options) : apps(app, options);
  return new TestCluster(starter, timeout, options).startAll(nodes, isScript);
}

/** Starts nodes in this process. */
function apps(module: AppModule, { redis, adapter, ...options }: TestClusterOptions): NodeStarter<AppNode> {
  const backplanes = createBackplanes({ redis, adapter });
  const links = RedisLinks.to(redis);
  const opened: Backplane[] = [];
  return {
    network: links ?? backplanes.network,
    faults: () => links?.faults ?? [],
    async start(node, cluster, { app = module }) {
      if (typeof app === 'string')
        throw new TypeError(`The nodes of this cluster are apps of this process; got ${app}.`);
      const redisLink = await links?.open(node, cluster.timeline);
      const backplane = await backplanes.open(node, redisLink?.url ?? redis?.url ?? '');
      opened.push(backplane);
      const onServer = (server: Server): void => {
        backplane.install(server);
        answerNodeFences(server);
      };
      const started = await bootTestApp(app, options, { node, onServer, cluster }, AppNode);
      started.backplane = backplane;
      started.redisLink = redisLink;
      try {
        await backplane.joined();
        return started;
      } catch (cause) {
        await started.close().catch(() => {});
        const reason = (cause as Error).message;
        throw new AppStartError(`Node ${node} has started, but cannot join the others: ${reason}`, { cause });
      }
    },
    async close() {
      // A client that is to say goodbye to Redis has to reach it.
      await links?.heal();
      const closed = await Promise.allSettled(opened.map((backplane) => backplane.close()));
      await links?.close();
      for (const result of closed) if (result.status === 'rejected') throw result.reason;
    },
  };
}

/** Starts nodes as processes. */
function processes(script: string, timeout: number, options: ProcessClusterOptions): NodeStarter<ChildNode> {
  const { cwd = process.cwd(), env, redis, startTimeout = START_TIMEOUT } = options;
  let observer: RemoteObserver | undefined;
  const links = RedisLinks.to(redis);
  const keyPrefix = redis?.keyPrefix ?? `test-${randomUUID()}`;
  return {
    network: links,
    faults: () => links?.faults ?? [],
    close: async () => links?.close(),
    async start(node, cluster, { app = script, env: ofVersion }) {
      if (typeof app !== 'string')
        throw new TypeError('The nodes of this cluster are processes: give a path of a script.');
      const path = resolve(cwd, app);
      if (!existsSync(path))
        throw new AppStartError(`${path} does not exist. Expected a built server: is the app built?`);
      observer ??= new RemoteObserver(cluster.scene.activity);
      const redisLink = await links?.open(node, cluster.timeline);
      const started = new ChildNode({
        redisLink,
        script: path,
        cwd,
        env: {
          ...process.env,
          PORT: '0',
          ...(redis && { REDIS_URL: redisLink?.url ?? redis.url, REDIS_KEY_PREFIX: keyPrefix }),
          ...env,
          ...ofVersion,
        },
        node,
        cluster,
        observer,
        options,
        startTimeout: stretched(startTimeout),
        timeout,
      });
      return started.started();
    },
  };
}
