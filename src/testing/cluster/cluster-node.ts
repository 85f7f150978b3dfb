import type { Clients } from '../app/clients.js';
import type { ServerAddress } from '../client/connect-client.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { EventsMap } from '../client/events-map.js';
import type { TestClient } from '../client/test-client.js';
import type { TcpLink } from '../link/tcp-link.js';
import type { ConnectManyOptions } from '../crowd/connect-many.js';
import type { Crowd } from '../crowd/crowd.js';
import type { NodeExit } from '../child/node-process.js';
import type { Scene } from '../settle/settle.js';
import type { AppSubject } from '../matchers/app-subject.js';

/** A node of a cluster: an app in this process, or a built server in a process of its own. */
export interface ClusterNode<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
> extends AppSubject {
  /** Its address: `http://127.0.0.1:PORT`, with `https:` if the app has `httpsOptions`. */
  readonly url: string;
  readonly port: number;
  /** Whether nobody has ended it. */
  readonly isOpen: boolean;
  /** Its way to Redis, on which the test injects faults; `undefined` without the option `redis`, and with TLS. */
  readonly redisLink: TcpLink | undefined;
  /** Connects a client to this node, as `TestApp.connect` does. */
  connect(options?: ConnectOptions<ServerToClient>): Promise<TestClient<ServerToClient, ClientToServer>>;
  /** Connects many clients to this node, as `TestApp.connectMany` does. */
  connectMany(count: number, options?: ConnectManyOptions): Promise<Crowd<ServerToClient, ClientToServer>>;
  /** Ends it as an orchestrator does, by SIGTERM: its shutdown hooks run while its clients are connected. */
  terminate(): Promise<NodeExit>;
  /** Ends it at once, by SIGKILL: none of its code runs any more. */
  kill(): Promise<NodeExit>;
  /** @internal */
  readonly member: ClusterMember;
}

/** What a cluster needs of each node. */
export interface ClusterMember {
  /** Its number in the timeline. */
  readonly node: number;
  /** The clients that the test has connected to it. */
  readonly clients: Clients;
  /** Whether it has ended: from when it is asked to end until then, it may still work and publish. */
  hasEnded(): boolean;
  /** The address of the Socket.IO server that the options of a client ask for. */
  addressFor(options: Pick<ConnectOptions, 'gatewayPort' | 'path'>): ServerAddress;
  /** Whether its option `idle` says that it has nothing to do. */
  isIdle(): Promise<boolean>;
  /** As in `Scene`; only for a node in another process. */
  readonly elsewhere?: Scene['elsewhere'];
  /** Resolves when the other nodes have received what it has published. */
  fenceToNodes(): Promise<void>;
  /** How many nodes it counts. */
  countNodes(): Promise<number>;
  /** Closes it at the end of the test. @throws TeardownError with everything that was left behind */
  close(): Promise<void>;
}
