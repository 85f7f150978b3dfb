import type { IncomingMessage } from 'node:http';

/** Of these the values are the same for very many clients; others may be secrets, which are not to outlive their request. */
const SHARED_VALUES =
  /^(accept-(encoding|language)|cache-control|connection|host|origin|pragma|sec-websocket-(extensions|version)|upgrade|user-agent)$/i;
/** A URL without other parameters, since another may be a secret. */
const SHARED_URL = /^[^?]*\?EIO=4&transport=websocket$/;
/** How many texts are remembered, and up to which length: a client may send any. */
const MAX_TEXTS = 1_000;
const MAX_LENGTH = 256;

const texts = new Map<string, string>();

/**
 * Has a request share the texts of its URL and its headers with others. Node makes new ones for each request, and a
 * WebSocket keeps its request as long as it is open. To be called before `headers` is read, which Node makes of `rawHeaders`
 * then.
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
