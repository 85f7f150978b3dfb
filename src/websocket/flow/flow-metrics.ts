import { Injectable } from '@nestjs/common';

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
