import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, ModuleRef, ModulesContainer } from '@nestjs/core';
import { GATEWAY_METADATA } from '@nestjs/websockets/constants.js';
import { EventsGateway } from './events.gateway.js';
import { corsOptions } from '../handshake/origin.js';
import type { ServerOptions } from '../socket-io/socket.io.js';
import { Gateway, isSamePlace, type NamespaceName, type Place } from './gateway.js';

/** Gateways disagree on the options of a server, or two servers are in one place. Thrown when the app boots. */
export class GatewayOptionsError extends Error {
  override readonly name = 'GatewayOptionsError';
}

@Injectable()
export class Gateways {
  private discovered: readonly Gateway[] | undefined;

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  /** The gateways on one namespace of one server, in the order in which Nest sets them up. */
  at(place: Place, namespace: NamespaceName): readonly Gateway[] {
    return this.all.filter((gateway) => isSamePlace(gateway.place, place) && gateway.serves(namespace));
  }

  /** Where to put the server that Nest asks for. For the default place, it is where `EventsGateway` is. */
  placeOf(wanted: Place): Place {
    return (isSamePlace(wanted, DEFAULT_PLACE) && this.all.find(isOfModule)?.place) || wanted;
  }

  /**
   * The options that the gateways on one server declare. Nest would take those of the first gateway, and lose the rest.
   *
   * @param overridden the options of the module, which override them
   * @throws GatewayOptionsError when two of them disagree
   */
  serverOptions(place: Place, overridden: ServerOptions): ServerOptions {
    const declared: Record<string, unknown> = {};
    const declaredBy = new Map<string, Gateway>();
    for (const gateway of this.all.filter((each) => isSamePlace(each.place, place))) {
      for (const [option, value] of Object.entries(gateway.serverOptions)) {
        const other = declaredBy.get(option);
        if (option in overridden) continue;
        if (other && !isSameOption(option, declared[option], value)) {
          throw new GatewayOptionsError(
            `${other.name} and ${gateway.name} share one Socket.IO server and disagree on its option "${option}". ` +
              'Say it once: in WebsocketModule.forRoot(), or in one of the two; or give one of them a port or a path of its own.',
          );
        }
        declared[option] = value;
        declaredBy.set(option, gateway);
      }
    }
    return declared;
  }

  /** Waits for every `afterInit`. @throws the error of one that fails, so that the app does not start */
  async initialised(): Promise<void> {
    for (const { initialised } of this.discovered ?? []) await initialised;
  }

  /** Discovered at first use: by then every module exists, and no server yet. */
  private get all(): readonly Gateway[] {
    this.discovered ??= this.discover();
    return this.discovered;
  }

  private discover(): readonly Gateway[] {
    const all = new DiscoveryService(this.modules)
      .getProviders()
      .filter(
        ({ isNotMetatype, metatype }) => !isNotMetatype && metatype && Reflect.hasMetadata(GATEWAY_METADATA, metatype),
      )
      .map((wrapper) => new Gateway(wrapper, this.moduleRef));
    const others = all.filter((gateway) => !isOfModule(gateway));
    // If no gateway of the app is in the default place, `EventsGateway` alone would open a further server there.
    if (others[0] && !others.some((other) => isSamePlace(other.place, DEFAULT_PLACE)))
      for (const gateway of all.filter(isOfModule)) gateway.place = others[0].place;
    return all;
  }
}

const DEFAULT_PLACE: Place = { port: 0, path: undefined };

/** Whether two values of an option mean the same, even if they are written differently. */
function isSameOption(option: string, ...values: [unknown, unknown]): boolean {
  const [one, other] = option === 'cors' ? values.map((cors) => plain(corsOptions(cors))) : values;
  return isDeepStrictEqual(one, other);
}

/** Replaces functions and patterns by their text, because each decorator creates its own. */
function plain(cors: unknown): unknown {
  return JSON.parse(JSON.stringify([cors], asWritten));
}

function asWritten(_: string, value: unknown): unknown {
  return typeof value === 'function' || value instanceof RegExp ? String(value) : value;
}

function isOfModule({ wrapper }: Gateway): boolean {
  return wrapper.metatype === EventsGateway;
}
