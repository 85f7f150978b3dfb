import { payloadOf, type ReceivedEvent } from '../model/received-event.js';
import { showEvent } from '../report/format.js';
import type { Equals } from './equality.js';

/** An event with its arguments. Without arguments, only the name counts. */
export type ExpectedEvent = readonly [event: string, ...args: unknown[]];

export function matcherOf([event, ...args]: ExpectedEvent, equals: Equals): (received: ReceivedEvent) => boolean {
  return (received) => received.event === event && (args.length === 0 || equals(payloadOf(received), args));
}

export function showExpected([event, ...args]: ExpectedEvent): string {
  return args.length > 0 ? showEvent(event, args) : showEvent(event);
}
