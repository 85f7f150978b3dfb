/*
 * Finds events in the text of code. It finds only literals, and takes every `emit` for Socket.IO's: it misses a name in
 * a constant, and also finds the events of an EventEmitter. So the result says what may be sent, not what was sent.
 */

const LITERAL = String.raw`(?<quote>['"\`])(?<event>(?:(?!\k<quote>|\$\{)[^\\\n])+)\k<quote>`;
const EMITTED = new RegExp(String.raw`\.emit(?:WithAck)?\(\s*${LITERAL}`, 'g');
const RETURNED = new RegExp(String.raw`[{,]\s*event:\s*${LITERAL}\s*,\s*data\b`, 'g');

/** The events that code emits or returns as a `WsResponse`, each once. */
export function eventsNamedIn(source: string): string[] {
  const code = withoutComments(source);
  const found = [EMITTED, RETURNED].flatMap((pattern) => [...code.matchAll(pattern)]);
  return [...new Set(found.map(({ groups }) => groups!.event!))];
}

/** Whether a handler's code returns something that Nest sends as an ack. */
export function returnsAck(source: string): boolean {
  const code = withoutComments(source);
  const returnsValue = /\breturn\s+(?!undefined\b|void\b)[^\s;}]|\breturn[([{'"`]/.test(code);
  const returnsWsResponse = /[{,]\s*event\s*[:,}]/.test(code);
  return returnsValue && !returnsWsResponse;
}

/** Matches strings too, because a string may contain what looks like a comment. */
function withoutComments(source: string): string {
  const commentOrString = /\/\/.*|\/\*[\s\S]*?\*\/|(['"`])(?:\\.|(?!\1)[^\\])*\1/g;
  return source.replace(commentOrString, (text) => (text.startsWith('/') ? '' : text));
}
