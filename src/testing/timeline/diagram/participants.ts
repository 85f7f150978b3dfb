import { label } from './label.js';
import { keyOf, lanesOf, type Lane, type Step } from './step.js';

/** The lifelines of a diagram, from left to right, with ids that Mermaid accepts. */
export class Participants {
  private readonly lanes: readonly Lane[];
  private readonly ids: ReadonlyMap<string, string>;

  constructor(
    steps: readonly Step[],
    /** How many clients are drawn as one. */
    private readonly otherClients: number,
  ) {
    const used = new Map(steps.flatMap(lanesOf).map((lane) => [keyOf(lane), lane]));
    this.lanes = used.size > 0 ? inOrder([...used.values()]) : [{ kind: 'server' }];
    this.ids = new Map(this.lanes.map((lane, index) => [keyOf(lane), `p${index + 1}`]));
  }

  /** One line for each: `participant p1 as alice`. */
  get lines(): readonly string[] {
    return this.lanes.map((lane) => `participant ${this.idOf(lane)} as ${this.nameOf(lane)}`);
  }

  /** The first and the last id, for a note over all. */
  get span(): string {
    return this.lanes.length > 1 ? `p1,p${this.lanes.length}` : 'p1';
  }

  idOf(lane: Lane): string {
    return this.ids.get(keyOf(lane))!;
  }

  private nameOf(lane: Lane): string {
    if (lane.kind === 'client') return label(lane.name, { width: 24, lines: 2 }) || '(no name)';
    if (lane.kind === 'others') return `${this.otherClients} other clients`;
    if (lane.kind === 'redis') return 'Redis';
    return lane.node === undefined ? 'server' : `node ${lane.node}`;
  }
}

/**
 * The first client is on the left of the server, the others are on its right. In a cluster, all clients of the first
 * node are on its left, and Redis is next to it.
 */
function inOrder(lanes: readonly Lane[]): readonly Lane[] {
  const clients = lanes.filter((lane) => lane.kind === 'client');
  const others = lanes.filter((lane) => lane.kind === 'others');
  const redis = lanes.filter((lane) => lane.kind === 'redis');
  const [first, ...servers] = lanes
    .filter((lane) => lane.kind === 'server')
    .toSorted((one, other) => (one.node ?? 0) - (other.node ?? 0));
  if (first === undefined) return lanes;
  const clientsOf = (node: number | undefined): readonly Lane[] =>
    clients.filter((client) => (client.node ?? first.node) === node);
  const own = clientsOf(first.node);
  const left = servers.length > 0 ? own : own.slice(0, 1);
  return [
    ...left,
    first,
    ...redis,
    ...own.filter((client) => !left.includes(client)),
    ...servers.flatMap((server) => [server, ...clientsOf(server.node)]),
    ...others,
  ];
}
