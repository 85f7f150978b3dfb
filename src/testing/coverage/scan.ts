/*
 * What code says of events, by a look at its text. It finds literals only, and takes every `emit` for Socket.IO's: a
 * name in a constant is missed, that of an EventEmitter's event is found too. So what is found says what may be sent,
 * and never that it was.
 */

const LITERAL = String.raw`(?<quote>['"\`])(?<event>(?:(?!\k<quote>|\$\{)[^\\\n])+)\k<quote>`;
const EMITTED = new RegExp(String.raw`\.emit(?:WithAck)?\(\s*${LITERAL}`, 'g');
const RETURNED = new RegExp(String.raw`[{,]\s*event:\s*${LITERAL}\s*,\s*data\b`, 'g');

/** The events that code emits, or returns as a `WsResponse`, each once. */
export function eventsNamedIn(source: string): string[] {
  const code = withoutComments(source);
  const found = [EMITTED, RETURNED].flatMap((pattern) => [...code.matchAll(pattern)]);
  return [...new Set(found.map(({ groups }) => groups!.event!))];
}

/** Whether a handler's code returns something that Nest makes an ack of. */
export function returnsAck(source: string): boolean {
  const code = withoutComments(source);
  const returnsValue = /\breturn\s+(?!undefined\b|void\b)[^\s;}]|\breturn[([{'"`]/.test(code);
  const returnsWsResponse = /[{,]\s*event\s*[:,}]/.test(code);
  return returnsValue && !returnsWsResponse;
}

/** Strings are matched too, since what looks like a comment may stand in one. */
function withoutComments(source: string): string {
  const commentOrString = /\/\/.*|\/\*[\s\S]*?\*\/|(['"`])(?:\\.|(?!\1)[^\\])*\1/g;
  return source.replace(commentOrString, (text) => (text.startsWith('/') ? '' : text));
}
