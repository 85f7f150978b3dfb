import type { IncomingMessage } from 'node:http';

/** Headers with the same value for very many clients. Others may be secrets and must not outlive their request. */
const SHARED_VALUES =
  /^(accept-(encoding|language)|cache-control|connection|host|origin|pragma|sec-websocket-(extensions|version)|upgrade|user-agent)$/i;
/** A URL with these parameters only, because another one may be a secret. */
const SHARED_URL = /^[^?]*\?EIO=4&transport=websocket$/;
/** How many texts are kept, and up to which length, because a client may send any text. */
const MAX_TEXTS = 1_000;
const MAX_LENGTH = 256;

const texts = new Map<string, string>();

/**
 * Lets a request share the strings of its URL and its headers with others. Node creates new ones for each request, and
 * a WebSocket keeps its request as long as it is open. Call this before `headers` is read: Node then creates it from
 * `rawHeaders`.
 */
export function shareTexts(request: IncomingMessage): void {
  const { url = '', rawHeaders } = request;
  if (SHARED_URL.test(url)) request.url = shared(url);
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    rawHeaders[index] = shared(name);
    if (SHARED_VALUES.test(name)) rawHeaders[index + 1] = shared(rawHeaders[index + 1]!);
  }
}

function shared(text: string): string {
  const known = texts.get(text);
  if (known !== undefined || text.length > MAX_LENGTH) return known ?? text;
  if (texts.size === MAX_TEXTS) texts.clear();
  texts.set(text, text);
  return text;
}
