import { clearTimeout, setTimeout } from 'node:timers';
import type { Server as HttpServer } from 'node:http';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { InFlight } from '../nest/in-flight.js';
import { RedisBackplane } from '../redis/redis-backplane.js';
import type { Server } from '../socket-io/socket.io.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { callBeforeDrain } from './before-drain.js';
import { connectionsOf } from './client-connection.js';
import { Drain, logCutOffs } from './drain.js';
import { HttpConnections } from './http-connections.js';

/** At shutdown, Nest first calls the hooks of this module, then those of the others, then closes the servers. */
type Stage = 'starting' | 'serving' | 'draining' | 'other hooks' | 'closing' | 'closed';

/** The share of the timeout after which everything that hangs is cut off. The rest is for the clean-up after that. */
const SHARE_BEFORE_CUT = 0.95;

/**
 * Closes what the module has opened. By default, the clients are drained before any other provider is destroyed. The
 * servers close when Nest closes them, and Redis closes last. One deadline covers all of it, whatever Nest waits for.
 */
@Injectable()
export class Shutdown implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private stage: Stage = 'starting';
  private readonly servers = new Set<Server>();
  private readonly http = new Map<HttpServer, HttpConnections>();
  private drained: Promise<void> | undefined;
  private deadline: NodeJS.Timeout | undefined;
  private onCutOff = (): void => {};
  private readonly cutOff = new Promise<void>((resolve) => {
    this.onCutOff = resolve;
  });

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebsocketOptions,
    @Inject(InFlight) private readonly inFlight: InFlight,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Optional() @Inject(RedisBackplane) private readonly backplane: RedisBackplane | undefined,
  ) {
    // Nest calls shutdown hooks in the order of the modules' distance from the root, and has no option for another
    // order. It sorts the modules once, before the first hook at start.
    for (const module of modules.values()) if (module.providers.has(Shutdown)) module.distance = -1;
  }

  /** Whether the app has started and is not shutting down. */
  get isServing(): boolean {
    return this.stage === 'serving';
  }

  /** Registers a new server. */
  track(server: Server): void {
    this.servers.add(server);
    const httpServer = server.httpServer as HttpServer;
    const http = this.http.get(httpServer) ?? new HttpConnections(httpServer);
    this.http.set(httpServer, http);
    http.serve(server);
  }

  onApplicationBootstrap(): void {
    this.stage = 'serving';
  }

  async onModuleDestroy(): Promise<void> {
    this.startDeadline();
    if (this.stage === 'serving') this.stage = 'other hooks';
    if (this.options.shutdown.drainAfter === undefined) await this.drain();
  }

  /** Drains the clients. The first call starts it, and all calls wait for the same end. */
  drain(): Promise<void> {
    this.drained ??= this.leaveClients();
    return this.drained;
  }

  private startDeadline(): void {
    this.deadline ??= setTimeout(() => this.cut(), this.options.shutdown.timeout * SHARE_BEFORE_CUT);
  }

  /**
   * Closes a server and the HTTP server that it is attached to.
   *
   * @param isForced whether HTTP requests in flight are cut off instead of awaited
   */
  async close(server: Server, isForced: boolean): Promise<void> {
    // Nest has called the `beforeApplicationShutdown` hooks by now, so the drain may start.
    await Promise.race([this.drain(), this.cutOff]);
    this.stage = 'closing';
    const closed = server.close();
    const http = this.http.get(server.httpServer as HttpServer);
    if (isForced) http?.cut();
    else http?.close();
    await Promise.race([closed, this.cutOff]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.backplane?.close();
    this.stage = 'closed';
    clearTimeout(this.deadline);
  }

  private async leaveClients(): Promise<void> {
    this.stage = 'draining';
    this.startDeadline();
    await new Drain(this.servers, this.inFlight, this.options.shutdown, () => callBeforeDrain(this.modules)).run();
    this.stage = 'other hooks';
  }

  /** Cuts off everything shortly before the deadline, so that the process can end. */
  private cut(): void {
    const late =
      `A shutdown hook of another provider has not ended in time (shutdown.timeout is ${this.options.shutdown.timeout}): ` +
      'the servers are closed before it.';
    const lines = this.stage === 'other hooks' ? [late] : [];
    for (const server of this.servers) for (const connection of connectionsOf(server)) connection.cut();
    for (const [server, connections] of this.http) {
      server.close();
      for (const request of connections.cut()) lines.push(`Cut off ${request}: it has not ended.`);
    }
    this.backplane?.abandon();
    logCutOffs(lines);
    this.onCutOff();
  }
}

/**
 * Tells a health check whether this app may get new clients. It is ready from the end of its start until its shutdown
 * begins, before anything is closed.
 *
 * @example
 * ```ts
 * @Get('health/ready')
 * check(): void {
 *   if (!this.websockets.ready) throw new ServiceUnavailableException();
 * }
 * ```
 */
@Injectable()
export class WebsocketReadiness {
  constructor(@Inject(Shutdown) private readonly shutdown: Shutdown) {}

  get ready(): boolean {
    return this.shutdown.isServing;
  }
}
