import type { TestClient } from '../client/test-client.js';

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
   * @default a text, at any depth, that is the same as a message that was said
   */
  messageOf?(this: void, ...args: readonly unknown[]): string | undefined;
}

/** Finds a text in the arguments of an event that is a message. */
export function findMessage(value: unknown, isMessage: (text: string) => boolean, depth = 0): string | undefined {
  if (typeof value === 'string') return isMessage(value) ? value : undefined;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || depth > MAX_DEPTH) return undefined;
  for (const part of Object.values(value)) {
    const found = findMessage(part, isMessage, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Deeper than any message, and no trap if a value contains itself. */
const MAX_DEPTH = 5;
