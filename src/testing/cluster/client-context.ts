import type { AppOptions, ClusterView } from '../app/running-app.js';
import type { ClientContext } from '../client/assertion-context.js';
import type { TestClient } from '../client/test-client.js';
import { explain } from '../matchers/failure-text/similar-events.js';
import { settleAs } from '../settle/settle.js';

/** What the clients of a cluster need of it, if their node is in another process or may change. */
export function clientContext(
  cluster: ClusterView,
  { record, observer, node }: Pick<ClientContext<TestClient>, 'record' | 'observer'> & { readonly node?: number },
  options: AppOptions,
  timeout: number,
): ClientContext<TestClient> {
  const { scene, timeline } = cluster;
  return {
    activity: scene.activity,
    timeline,
    record,
    observer,
    signal: options.signal,
    settle: (given) => settleAs(options, scene, timeout, given),
    everyone: () => cluster.everyone(),
    receivers: () => cluster.receivers(),
    errors: () => cluster.errors(),
    since: () => 0,
    explain,
    witnessFor: cluster.history.witnessFor(node),
  };
}
