import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import type { TestClient } from '../client/test-client.js';
import type { EventsMap } from '../client/events-map.js';
import type { ClusterNode } from '../cluster/cluster-node.js';
import type { TestCluster } from '../cluster/test-cluster.js';
import { format, report } from '../report/format.js';
import { OTHER_NAMESPACE, type Answers, type Broadcast, type FoundSocket, type Target } from './contract.module.js';
import { differences } from './differences.js';

/** The number of nodes of each case. */
export const NODES = 3;

/** What the gateway does for a client: the argument of each action, and what it answers. */
interface Actions {
  'which node': (nothing?: undefined) => string;
  join: (rooms: readonly string[]) => true;
  leave: (rooms: readonly string[]) => true;
  remember: (note: string) => true;
  broadcast: (broadcast: Broadcast) => true;
  'ask clients': (target: Target & { timeout: number }) => Answers;
  'ask client': (id: string) => Answers;
  'sockets join': (target: Target & { to: readonly string[] }) => true;
  'sockets leave': (target: Target & { from: readonly string[] }) => true;
  'disconnect sockets': (target: Target & { goodbye: string }) => true;
  'fetch sockets': (target: Target) => FoundSocket[];
  'tell nodes': (args: readonly unknown[]) => true;
  'broadcast and tell nodes': (times: number) => true;
  'ask nodes': (how: { isSilent: boolean }) => Answers;
  'count nodes': (nothing?: undefined) => number;
}

/** Longer than an adapter waits for the answers of other nodes, in milliseconds. */
const PATIENT = 15_000;

/** A cluster of the contract's app, and its clients. */
export class Stage {
  private readonly clients: TestClient[] = [];

  constructor(readonly cluster: TestCluster<EventsMap, EventsMap, ClusterNode>) {}

  /** Connects a client to the node. It answers questions with `answer`, or not at all. */
  async connect(
    node: number,
    { name = `client of node ${node}`, answer, isOther }: { name?: string; answer?: unknown; isOther?: boolean } = {},
  ): Promise<TestClient> {
    const question = (acknowledge: (answer: unknown) => void): void => {
      if (answer !== undefined) acknowledge(answer);
    };
    const client = await this.cluster.connect({
      node,
      name,
      namespace: isOther ? OTHER_NAMESPACE : '/',
      on: { question },
      timeout: PATIENT,
    });
    this.clients.push(client);
    return client;
  }

  /** Connects a client to each node. */
  async connectEach(): Promise<[TestClient, TestClient, TestClient]> {
    return [await this.connect(0), await this.connect(1), await this.connect(2)];
  }

  /** Lets the gateway do something on the node of a client. */
  do<Action extends keyof Actions>(
    client: TestClient,
    action: Action,
    ...args: Parameters<Actions[Action]>
  ): Promise<ReturnType<Actions[Action]>> {
    return client.emitWithAck(action, ...args) as Promise<ReturnType<Actions[Action]>>;
  }

  /** Lets a client join rooms, and waits until all nodes know of it. */
  async join(client: TestClient, ...rooms: string[]): Promise<void> {
    await this.do(client, 'join', rooms);
    await this.cluster.settle();
  }

  /**
   * Waits until nothing is in flight. Then each client must have received the event exactly as often as its list has
   * arguments for it, in this order. A client that is not listed must not have received it.
   */
  async expectReceived(
    event: string,
    expected: readonly (readonly [TestClient, readonly unknown[][]])[],
  ): Promise<void> {
    await this.cluster.settle();
    const byClient = new Map(expected);
    const wrong = this.clients.flatMap((client) => {
      const wanted = byClient.get(client) ?? [];
      const difference = differences(wanted.map(shown), client.received(event).map(shown));
      return difference === undefined ? [] : [`${client.name} ${difference}`];
    });
    if (wrong.length === 0) return;
    throw new AssertionError({
      message: report(`Expected ${format(event)} to reach its clients once each and in order, and nobody else.`, {
        but: wrong,
      }),
    });
  }

  /** Each of these clients must have received the event once, with these arguments, and no other client. */
  expectOnce(event: string, args: readonly unknown[], ...clients: TestClient[]): Promise<void> {
    return this.expectReceived(
      event,
      clients.map((client) => [client, [[...args]]] as const),
    );
  }

  /** Compares what an action has answered. The order of an array does not matter: nodes and clients answer in any. */
  expectAnswer(what: string, answer: unknown, expected: unknown): void {
    if (isDeepStrictEqual(sorted(answer), sorted(expected))) return;
    throw new AssertionError({
      message: report(`${what}:`, { expected: format(expected), received: format(answer) }),
    });
  }
}

function shown(args: readonly unknown[]): string {
  if (args.length === 0) return 'it';
  return args.length === 1 ? format(args[0]) : format(args);
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value.map((item) => format(item)).toSorted() : value;
}
