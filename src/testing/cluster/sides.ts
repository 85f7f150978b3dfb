import type { ClusterNode } from './cluster-node.js';

/**
 * Divides the open nodes of a cluster for a partition: the groups, and the nodes that are in none of them. The largest
 * side comes first.
 *
 * @param groups the places of the nodes
 * @throws RangeError when a place has no node, is in two groups, or there are not two sides
 */
export function sidesOf<Node extends ClusterNode>(
  nodes: readonly Node[],
  groups: readonly (readonly number[])[],
): readonly (readonly Node[])[] {
  const places = groups.flat();
  const shown = `partition(${groups.map((group) => `[${group.join(', ')}]`).join(', ')})`;
  for (const [index, place] of places.entries()) {
    if (!nodes[place]) throw new RangeError(`${shown}: this cluster has the nodes 0 to ${nodes.length - 1}.`);
    if (places.indexOf(place) !== index) throw new RangeError(`${shown}: node ${place} can be on one side only.`);
  }
  const rest = [...nodes.keys()].filter((place) => !places.includes(place));
  const sides = [...groups, rest]
    .map((group) => group.map((place) => nodes[place]!).filter(({ isOpen }) => isOpen))
    .filter((side) => side.length > 0);
  if (sides.length < 2) throw new RangeError(`${shown}: there is no open node on another side.`);
  return sides.toSorted((one, other) => other.length - one.length);
}
