import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ThrottledLog } from '../errors/throttled-log.js';
import { ClientAddresses } from '../handshake/client-addresses.js';
import { ConnectionLimits } from '../handshake/connection-limits.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';
import { Backlogs, type Excess } from './backlogs.js';
import type { ConnectionFlow } from './connection-flow.js';
import { abandonTransport, cutOff } from './disconnect.js';
import { ReadTurns } from './read-turns.js';

/** Counters of the message flow on this node, for metrics. */
@Injectable()
export class FlowMetrics {
  /** Connections that are over their rate limit now; they are read later. */
  overRate = 0;

  /** How often a connection has begun to exceed its rate limit. */
  overRateTotal = 0;

  /** Clients that were disconnected because they read too little while too much waited for them. */
  slowConsumers = 0;

  /** The buffers of all clients, in bytes: what waits for them, and what they have sent that is not handled yet. */
  bufferedBytes: () => number = () => 0;
}

/**
 * Limits what one connection may cost: the size, depth and number of its messages, and what is buffered when the client
 * does not read. A client that sends too fast is read later. A client that breaks the protocol or does not read is
 * disconnected. This class holds what all servers of an app share.
 */
@Injectable()
export class Flow implements OnApplicationShutdown {
  readonly turns = new ReadTurns();
  readonly backlogs: Backlogs;
  readonly log = new ThrottledLog(Flow.name);

  constructor(
    @Inject(WEBSOCKET_OPTIONS) readonly options: ResolvedWebsocketOptions,
    @Inject(ClientAddresses) readonly addresses: ClientAddresses,
    @Inject(ConnectionLimits) readonly connections: ConnectionLimits,
    @Inject(FlowMetrics) readonly metrics: FlowMetrics,
  ) {
    this.backlogs = new Backlogs(options, (slow, excess) => this.cutOff(slow, excess));
    metrics.bufferedBytes = () => this.backlogs.bytes;
  }

  onApplicationShutdown(): void {
    this.log.flush();
  }

  /** Disconnects a client that does not read. A closed connection may still have much to send. */
  private cutOff(flow: ConnectionFlow, excess: Excess): void {
    if (flow.isClosed) return abandonTransport(flow);
    const { maxBufferedBytes, stallTimeout, maxTotalBufferedBytes } = this.options;
    const why =
      excess === 'stalled'
        ? `It has taken nothing for ${stallTimeout} ms (stallTimeout) of the more than ${maxBufferedBytes} bytes ` +
          '(maxBufferedBytes) that waited for it'
        : `More than ${maxTotalBufferedBytes} bytes (maxTotalBufferedBytes) are kept for all clients together`;
    this.log.warn(excess, () => `Disconnected a client at ${flow.address}: ${why}`);
    this.metrics.slowConsumers += 1;
    cutOff(flow, 'slow consumer');
  }
}
