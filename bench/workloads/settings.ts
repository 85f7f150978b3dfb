import type { ContestantName } from '../contestants/contestants.js';

/** What the workloads leave open. */
export interface Settings {
  contestants: ContestantName[];
  /** How many processes of each contestant are measured, one after the other. */
  generations: number;
  /** How often each of them has its turn. */
  rounds: number;
  /** How long a turn is, in milliseconds. */
  slice: number;
  /** How many handlers a gateway has: 4 or more. */
  handlers: number;
  /** How many connections send messages. */
  connections: number;
  /** How many messages of a connection are under way at once. */
  inFlight: number;
  /** From how many addresses connections come. */
  addresses: number;
  /** With 10,000 connections, too. */
  isLong: boolean;
}
