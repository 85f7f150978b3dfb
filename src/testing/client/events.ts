import type { ConnectOptions } from './connect-options.js';
import type { EventsMap } from './events-map.js';
import type { TestClient } from './test-client.js';

/** The events of a namespace, in both directions. */
export interface NamespaceEvents<
  ServerToClient extends EventsMap = EventsMap,
  ClientToServer extends EventsMap = EventsMap,
> {
  serverToClient: ServerToClient;
  clientToServer: ClientToServer;
}

/** A namespace's name with its leading slash, which `connect` does not require. */
type WithSlash<Namespace extends string> = Namespace extends `/${string}` ? Namespace : `/${Namespace}`;

/** The events of one namespace: its own if `Namespaces` has them, otherwise the app's. */
export type EventsOf<
  Namespaces extends object,
  Namespace extends string,
  ServerToClient extends EventsMap,
  ClientToServer extends EventsMap,
> =
  WithSlash<Namespace> extends keyof Namespaces
    ? Namespaces[WithSlash<Namespace>] extends NamespaceEvents
      ? Namespaces[WithSlash<Namespace>]
      : never
    : NamespaceEvents<ServerToClient, ClientToServer>;

export type ClientFor<Events extends NamespaceEvents> = TestClient<Events['serverToClient'], Events['clientToServer']>;

/** The options to connect to this namespace. */
export type ConnectIn<Events extends NamespaceEvents, Namespace extends string> = ConnectOptions<
  Events['serverToClient']
> & { namespace?: Namespace };
