import type { TestClient } from '../client/test-client.js';
import { format } from '../report/format.js';

/** How the clients of an app talk to each other. The functions are the test's own, and use the events of the app. */
export interface Conversation<Client = TestClient> {
  /**
   * Sends a message to a room. If it returns a promise, the app has accepted the message when the promise resolves,
   * unless to an error answer. It sends before it awaits anything else.
   */
  say(this: void, client: Client, room: string, message: string): unknown;
  /**
   * Joins a room, and resolves when the client is in it.
   *
   * @default every client of the sender's namespace gets every message while it is connected
   */
  join?(this: void, client: Client, room: string): Promise<unknown>;
  /** Leaves a room, and resolves when the client has left it. @default clients leave by disconnecting */
  leave?(this: void, client: Client, room: string): Promise<unknown>;
  /** The event with which a client gets a message. */
  hears: string;
  /**
   * Finds the message in the arguments of that event.
   *
   * @default the text, at any depth, that is the same as a message that was said; `check` fails if there are several
   */
  messageOf?(this: void, ...args: readonly unknown[]): string | undefined;
}

/**
 * Finds the message in the arguments of an event.
 *
 * @param isMessage whether a text was said
 * @throws Error when `messageOf` fails, or is needed
 */
export function messageIn<Client>(
  { hears, messageOf }: Conversation<Client>,
  args: readonly unknown[],
  isMessage: (text: string) => boolean,
): string | undefined {
  if (messageOf) {
    try {
      return messageOf(...args);
    } catch (error) {
      throw new Error(`\`messageOf\` failed for an event "${hears}": ${String(error)}`, { cause: error });
    }
  }
  const [message, ...others] = textsIn(args).filter(isMessage);
  if (message === undefined || others.every((other) => other === message)) return message;
  const messages = [...new Set([message, ...others])];
  throw new Error(
    `An event "${hears}" has ${messages.length} messages: ${messages.map(format).join(', ')}. ` +
      'Give `messageOf`, which returns the one that was said.',
  );
}

/** Deeper than any message, and no trap if a value contains itself. */
const MAX_DEPTH = 5;

function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || depth > MAX_DEPTH) return [];
  return Object.values(value).flatMap((part) => textsIn(part, depth + 1));
}
