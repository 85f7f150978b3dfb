import { Injectable } from '@nestjs/common';

/** Counts what the flow of messages has come to on this node, for metrics. */
@Injectable()
export class FlowMetrics {
  /** Connections that send faster than they may, at the moment: they are read later. */
  overRate = 0;

  /** How often a connection has begun to send faster than it may. */
  overRateTotal = 0;

  /** Clients that were disconnected since they did not read. */
  slowConsumers = 0;

  /** Asks what is kept for clients, in bytes: what waits for them, and what they have not sent whole. */
  bufferedBytes: () => number = () => 0;
}
