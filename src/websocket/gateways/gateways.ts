import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { GATEWAY_METADATA } from '@nestjs/websockets/constants.js';
import type { ServerOptions } from '../socket.io.js';
import { Gateway } from './gateway.js';

/** Two gateways want one Socket.IO server to be set up in two ways. Thrown when the app boots. */
export class GatewayOptionsError extends Error {
  override readonly name = 'GatewayOptionsError';
}

/** The gateways of the app. */
@Injectable()
export class Gateways {
  private discovered: readonly Gateway[] | undefined;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** Those on one namespace of one server, in the order in which Nest sets them up. */
  at(port: number, path: string | undefined, namespace: string | RegExp): readonly Gateway[] {
    return this.all.filter((gateway) => gateway.serves(port, path, namespace));
  }

  /**
   * What the gateways that share a server declare of its options. Nest would take those of the first, and lose the rest.
   *
   * @throws GatewayOptionsError when two of them disagree
   */
  serverOptions(port: number, path: string | undefined): ServerOptions {
    const declared: Record<string, unknown> = {};
    const declaredBy = new Map<string, Gateway>();
    for (const gateway of this.all) {
      if (gateway.port !== port || gateway.serverOptions.path !== path) continue;
      for (const [option, value] of Object.entries(gateway.serverOptions)) {
        const other = declaredBy.get(option);
        if (other && !isDeepStrictEqual(declared[option], value)) {
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

  /** Waits for every `afterInit`. @throws what one has thrown, so that the app does not start */
  async initialised(): Promise<void> {
    for (const { initialised } of this.discovered ?? []) await initialised;
  }

  /** Found when they are first asked for: by then every module is there, and no server yet. */
  private get all(): readonly Gateway[] {
    this.discovered ??= [...this.modules.entries()].flatMap(([moduleKey, { providers }]) =>
      [...providers.values()]
        .filter(({ isNotMetatype, metatype }) => !isNotMetatype && isGateway(metatype))
        .map((wrapper) => new Gateway(wrapper, moduleKey)),
    );
    return this.discovered;
  }
}

function isGateway(metatype: unknown): boolean {
  return typeof metatype === 'function' && Reflect.hasMetadata(GATEWAY_METADATA, metatype);
}
