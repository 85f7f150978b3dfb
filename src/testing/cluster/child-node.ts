import { pathToFileURL } from 'node:url';
import { findLeftovers, lateErrors } from '../app/leftovers.js';
import type { AppOptions, ClusterView } from '../app/running-app.js';
import { AgentConnection } from '../child/agent-connection.js';
import { AGENT } from '../child/agent-variable.js';
import type { Fact } from '../child/facts.js';
import { NodeProcess, type NodeExit } from '../child/node-process.js';
import type { RemoteNode } from '../child/remote-end.js';
import type { RemoteObserver } from '../child/remote-observer.js';
import { scriptOf } from '../child/script-of.js';
import { Clients, withoutUndefined } from '../app/clients.js';
import type { ClientContext } from '../client/assertion-context.js';
import type { ServerAddress } from '../client/connect-client.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { ConnectManyOptions } from '../crowd/connect-many.js';
import type { Crowd } from '../crowd/crowd.js';
import type { EventsMap } from '../client/events-map.js';
import type { TestClient } from '../client/test-client.js';
import type { TcpLink } from '../link/tcp-link.js';
import { AppSubject } from '../matchers/app-subject.js';
import type { Work } from '../model/work.js';
import { LogCapture } from '../observer/log-capture.js';
import { AppStartError, DeadlineError, NodeEndedError, TeardownError, type HookError } from '../report/errors.js';
import type { Scene } from '../settle/settle.js';
import { EXPIRED, withTimeout } from '../timing/deadline.js';
import { now } from '../timing/real-time.js';
import { clientContext } from './client-context.js';
import type { ClusterMember, ClusterNode } from './cluster-node.js';

type Listening = Extract<Fact, { fact: 'listening' }>;

/** What a node in another process needs of its cluster. */
export interface ChildSetting {
  readonly script: string;
  /** Its way to Redis, if there is one. */
  readonly redisLink: TcpLink | undefined;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Its number in the timeline. */
  readonly node: number;
  readonly cluster: ClusterView;
  readonly observer: RemoteObserver;
  readonly options: AppOptions;
  /** How long it may take until it listens, in milliseconds. */
  readonly startTimeout: number;
  /** How long each wait may take, in milliseconds. */
  readonly timeout: number;
}

/** A node of a cluster that is a built server in a process of its own. */
export class ChildNode<ServerToClient extends EventsMap = EventsMap, ClientToServer extends EventsMap = EventsMap>
  extends AppSubject
  implements ClusterNode<ServerToClient, ClientToServer>
{
  /** @internal */
  readonly context: ClientContext<TestClient>;
  /** @internal */
  readonly member: ClusterMember;
  private readonly process: NodeProcess;
  private readonly agent: AgentConnection;
  private readonly clients: Clients;
  private readonly remote: RemoteNode;
  private readonly listening: Promise<Listening>;
  private address: Listening | undefined;
  /** Whether an app of Nest without gateways listens there. */
  private isWithoutGateways = false;
  /** How often something had moved in the process when it last answered. */
  private moves = 0;

  /** @internal Starts the process. `started` waits until it listens. */
  constructor(private readonly setting: ChildSetting) {
    const { script, cwd, env, node, cluster, observer, options, timeout } = setting;
    const { activity } = cluster.scene;
    const record = cluster.timeline.recorder(node);
    super(new LogCapture({}, activity, record, undefined), cluster.timeline, timeout);
    const agent = pathToFileURL(scriptOf('testing/agent', cwd)).href;
    this.process = new NodeProcess(['--import', agent, script], { cwd, env: { ...env, [AGENT]: 'on' } });
    let listens: (fact: Listening) => void;
    this.listening = new Promise((resolve) => {
      listens = resolve;
    });
    this.agent = new AgentConnection(this.process, (fact) => {
      observer.take(this.remote, fact);
      if (fact.fact === 'listening') listens(fact);
      if (fact.fact === 'no gateways') this.isWithoutGateways = true;
    });
    this.remote = { agent: this.agent, record, logs: this.logs, entries: new Map(), ends: new Map() };
    this.context = clientContext(cluster, { record, observer, node }, options, timeout);
    this.clients = new Clients(this.context, { ...options, timeout });
    this.member = {
      node,
      clients: this.clients,
      hasEnded: () => !this.process.isRunning,
      addressFor: (given) => this.addressFor(given),
      isIdle: async () => true,
      elsewhere: (asked) => this.quiet(asked),
      fenceToNodes: () => this.agent.ask('crossNodes', undefined),
      countNodes: () => this.agent.ask('countNodes', undefined),
      close: () => this.close(),
    };
    void this.forgetAtEnd();
  }

  get url(): string {
    return this.address?.url ?? '';
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get redisLink(): TcpLink | undefined {
    return this.setting.redisLink;
  }

  get isOpen(): boolean {
    return this.process.isRunning && !this.process.isEnding;
  }

  /** The id of its process. */
  get pid(): number | undefined {
    return this.process.child.pid;
  }

  /** Every line that it has printed. */
  get lines(): readonly string[] {
    return this.process.lines;
  }

  /** Resolves when it has ended, however it ends. */
  get exited(): Promise<NodeExit> {
    return this.process.exited;
  }

  async connect(options: ConnectOptions<ServerToClient> = {}): Promise<TestClient<ServerToClient, ClientToServer>> {
    const given = options as ConnectOptions;
    return this.clients.connect(this.addressFor(given), given);
  }

  async connectMany(count: number, options: ConnectManyOptions = {}): Promise<Crowd<ServerToClient, ClientToServer>> {
    return this.clients.connectMany([this.addressFor(options)], count, options);
  }

  terminate(): Promise<NodeExit> {
    return this.end('SIGTERM');
  }

  kill(): Promise<NodeExit> {
    return this.end('SIGKILL');
  }

  /** @internal @throws AppStartError when it ends before it listens, or does not listen in time */
  async started(): Promise<this> {
    const { script, startTimeout } = this.setting;
    const ended = this.process.exited.then(({ code, signal }) => `ended (${signal ?? `exit code ${code}`})`);
    const outcome = await withTimeout(Promise.race([this.listening, ended]), startTimeout);
    if (typeof outcome === 'object') {
      this.address = outcome;
      return this;
    }
    const isLate = outcome === EXPIRED;
    const how = isLate ? `did not listen within ${startTimeout} ms.` : `${outcome} before it listened.`;
    const told = this.process.lastLines;
    await this.kill();
    throw new AppStartError([`${script} ${how}${this.hint(isLate)} It printed last:`, ...told].join('\n  '));
  }

  private hint(isLate: boolean): string {
    if (this.isWithoutGateways) return ' An app of it did, but has no gateway (@WebSocketGateway).';
    if (!isLate) return '';
    return ' If it says that it listens: is it bundled with a copy of Nest of its own, which the harness cannot see?';
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<NodeExit> {
    const { node, cluster } = this.setting;
    if (this.process.isRunning) this.context.record({ kind: 'acted', what: `node ${node} gets ${signal}` });
    const exit = await this.process.end(signal);
    await cluster.forgetClosed();
    return exit;
  }

  private addressFor(given: Pick<ConnectOptions, 'gatewayPort' | 'path'>): ServerAddress {
    const { gatewayPort = 0, path } = { ...this.setting.options.client, ...withoutUndefined(given) };
    const servers = (this.address?.servers ?? []).filter((server) => server.gatewayPort === gatewayPort);
    const server = servers.find((known) => known.path === path) ?? servers[0];
    if (!server) throw new Error(`No gateway of ${this.setting.script} declares port ${gatewayPort}.`);
    return { url: new URL(server.url), path: server.path, namespaces: () => this.agent.ask('namespaces', undefined) };
  }

  private async quiet(asked: Parameters<NonNullable<Scene['elsewhere']>>[0]): Promise<readonly Work[]> {
    const { moves, pending } = await this.agent.ask('quiet', asked);
    if (moves !== this.moves) this.context.activity.moved();
    this.moves = moves;
    const { observer } = this.setting;
    return pending.map(({ client, since, ...work }) => ({
      ...work,
      client: client && observer.nameAt(this.remote, client),
      since: now() - since,
    }));
  }

  private async forgetAtEnd(): Promise<void> {
    await this.process.exited;
    this.setting.observer.forget(this.remote);
  }

  private async close(): Promise<void> {
    const { context, logs, timeout } = this;
    const { observer, options, script } = this.setting;
    const { opened } = this.clients;
    const problems: Error[] = [];
    await Promise.all(Array.from(opened, ({ connection }) => connection.releaseLink()));
    const { activity } = context;
    problems.push(
      ...(await findLeftovers({ logs, observer, options, timeout, activity }, context, [...opened], 0, false)),
    );
    problems.push(...(await this.clients.disconnect()));
    const wasEnded = this.process.isEnding;
    const exit = await withTimeout(wasEnded ? this.exited : this.terminate(), timeout);
    if (exit === EXPIRED) {
      problems.push(new DeadlineError(`${script} was to end`, timeout, { 'printed last': this.process.lastLines }));
      await this.kill();
    } else if (!wasEnded && exit.code !== 0 && exit.signal !== 'SIGTERM') {
      problems.push(new NodeEndedError(script, exit));
    }
    problems.push(...lateErrors({ options, logs }), ...this.failuresOfHooks());
    if (problems.length > 0) throw new TeardownError(`The node at ${this.url}`, problems);
  }

  /** Failures of hooks that no client of the test has reported. */
  private failuresOfHooks(): HookError[] {
    const failures = Array.from(this.remote.ends.values(), (end) => end.failures.splice(0));
    return failures.flat().filter(({ isContained }) => !isContained);
  }
}
