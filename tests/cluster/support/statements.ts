import type { ClusterNode, EventsMap, TestClient, TestCluster } from 'nest-realtime-kit/testing';
import { expect } from 'nest-realtime-kit/testing/vitest';

type Cluster = TestCluster<EventsMap, EventsMap, ClusterNode>;

/** Connects a client to each of three nodes. */
export async function connectEach(cluster: Cluster): Promise<[TestClient, TestClient, TestClient]> {
  return [
    await cluster.connect({ name: 'alice', node: 0 }),
    await cluster.connect({ name: 'bob', node: 1 }),
    await cluster.connect({ name: 'carol', node: 2 }),
  ];
}

function passes(statement: PromiseLike<void>): Promise<boolean> {
  return Promise.resolve(statement).then(
    () => true,
    () => false,
  );
}

/** Makes four statements in each round, some of which are wrong. @returns how many of them had the other outcome */
export async function countWrong(cluster: Cluster, rounds: number): Promise<{ missed: number; falseAlarms: number }> {
  const everybody = await connectEach(cluster);
  const [alice, bob, carol] = everybody;
  const members = [alice, bob];
  for (const client of members) await client.emitWithAck('join', 'lobby');
  const wrong = { missed: 0, falseAlarms: 0 };
  const note = (passed: boolean, isTrue: boolean): void => {
    if (passed && !isTrue) wrong.missed += 1;
    if (!passed && isTrue) wrong.falseAlarms += 1;
  };
  for (let round = 0; round < rounds; round += 1) {
    const isMember = round % 2 === 1;
    await carol.emitWithAck(isMember ? 'join' : 'leave', 'lobby');
    await cluster.settle();
    const [speaker, listener] = round % 3 === 0 ? [bob, alice] : [alice, bob];
    speaker.emit('say', { room: 'lobby', text: `one ${round}` });
    note(await passes(expect(carol).not.toReceive('said', `one ${round}`)), !isMember);
    speaker.emit('say', { room: 'lobby', text: `two ${round}` });
    note(await passes(expect(members).toBeAllWhoReceive('said', `two ${round}`)), !isMember);
    speaker.emit('announce', `three ${round}`);
    await cluster.settle();
    const isCountExact = everybody.every((client) => client.received('announced').length === 2 * round + 1);
    note(isCountExact, true);
    listener.emit('announce', `four ${round}`);
    note(await passes(expect(everybody).toBeAllWhoReceive('announced', `four ${round}`)), true);
  }
  return wrong;
}
