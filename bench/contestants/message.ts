/** What is echoed and broadcast. */
export interface Message {
  text: string;
  room: string;
}

export const message: Message = { text: 'Is there a free table for four tonight?', room: 'lobby' };

/** How many broadcasts a handler of `publish-many` makes in one turn of the event loop. */
export const PUBLISHED_AT_ONCE = 10;

/** What the generator sends along when it connects, and what the guards look for. */
export const token = 'a guest of the bench';

/** The rule of the guards. */
export function isAllowed({ handshake }: { handshake: { auth: { token?: unknown } } }): boolean {
  return handshake.auth.token === token;
}

/** The rule of the pipes. */
export function parse(value: unknown): Message {
  const { text, room } = value as Partial<Message>;
  if (typeof text !== 'string' || typeof room !== 'string') {
    throw new TypeError(`expected a message with a text and a room, got ${JSON.stringify(value)}`);
  }
  return { text, room };
}
