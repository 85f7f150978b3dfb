/** What is different in the kit from plain Nest, and from Socket.IO as it is. */
export interface Difference {
  /** What differs, in a phrase. */
  what: string;
  plain: string;
  kit: string;
  why: string;
  /** How to restore the behaviour of plain Nest; nothing where there is no way. */
  recipe?: string;
  /** The one major version of Nest where it differs. */
  nest?: 11 | 12;
}

const table = {
  'ack-of-nothing': {
    what: 'the ack of a handler that has nothing to say',
    plain: 'It is never called when the handler returns `undefined`, `null` or `{ event, data }`.',
    kit: 'It is called without arguments; `null` is an answer.',
    why: 'A client that waits for an ack learns that its event was handled.',
  },
  'unknown-event': {
    what: 'the ack of an event that nobody handles',
    plain: 'It is never called.',
    kit: 'It has `UNKNOWN_EVENT`.',
    why: 'A misspelt event shows at once, and not as a timeout.',
    recipe: 'An `errors.envelope` that returns `undefined` when nothing was thrown.',
  },
  'failure-in-ack': {
    what: 'where a failure is told when the event has an ack',
    plain: 'By the event `exception`. The ack is never called.',
    kit: 'In the ack. Without an ack by the event `exception`.',
    why: 'The answer comes to who has asked, and no ack is left waiting.',
    recipe: "`errors: { tellBy: 'exception' }`, or `'both'`",
  },
  'error-envelope': {
    what: 'the form in which a failure is told',
    plain:
      '`{ status, message, cause: { pattern, data } }`, which repeats what the client sent. The object of a `WsException` goes as it is.',
    kit: '`{ status, code, message, event }`, and the fields of the object that a `WsException` was made with.',
    why: 'Programs have a `code` to decide by, in one form for all failures. What a client sent does not come back to it.',
    recipe: '`errors: { envelope }`',
  },
  'http-exceptions': {
    what: 'an `HttpException` below 500, which pipes throw by default',
    plain: 'The client is told `Internal server error`.',
    kit: 'The client is told its message, and the name of its status as `code`.',
    why: 'It was made for the client. `ValidationPipe` and `ParseIntPipe` say what is wrong without an `exceptionFactory`.',
    recipe: '`errors: { envelope }`',
  },
  validation: {
    what: 'validation errors',
    plain: 'A `WsException` with the list of them is emitted as that list, with what the client sent in it.',
    kit: 'They are the `details` of `VALIDATION_FAILED`, without what the client sent.',
    why: 'All failures have one form.',
  },
  'log-of-failures': {
    what: 'the entry in the log of a failure',
    plain: 'It is the error. An `InternalServerErrorException`, and what the end of an Observable throws, has none.',
    kit: 'It names the handler, the event and the client, and then the error. Every fault of the server has one.',
    why: 'It says where to look, and whose event it was.',
  },
  'filter-that-throws': {
    what: 'an exception filter that throws itself',
    plain: 'The client is told nothing.',
    kit: 'The client is told `INTERNAL_ERROR`.',
    why: 'Every failure is told.',
  },
  contained: {
    what: 'what a hook, a raw listener, a middleware, an ack callback or the encoding of an answer throws',
    plain: 'Nobody catches it: the process ends.',
    kit: 'It is logged. Other clients are not affected.',
    why: 'One client cannot end the connections of all others.',
    recipe: 'Catch the error in the app, and call `process.exit(1)`.',
  },
  echo: {
    what: 'a handler that returns the very object that the client sent, where that has a field `event`',
    plain: 'The client has its own event emitted, by the name that it chose.',
    kit: 'It is the answer.',
    why: 'An echo stays an echo, whatever the client sends.',
    recipe: 'Return a copy: `{ ...body }`.',
  },
  'event-that-is-no-text': {
    what: 'a handler that returns an object whose `event` is neither a text nor a number',
    plain: 'It is emitted. An object as the name ends the connection.',
    kit: 'It is the answer or, without an ack, logged.',
    why: 'Socket.IO has no such names of events.',
  },
  'several-arguments': {
    what: 'a handler that returns the several arguments of its event as they came',
    plain: 'The ack has one list.',
    kit: 'The ack has several arguments again.',
    why: 'An echo stays an echo.',
    recipe: 'Return a copy: `[...body]`.',
  },
  'called-at-once': {
    what: 'when a handler is called that no guard, interceptor or pipe is for',
    plain: 'After some microtasks: a raw listener may hear the next event first.',
    kit: 'At once, in the order of the events.',
    why: 'It costs less, and the order is that of the client.',
  },
  'connection-listeners-first': {
    what: 'a listener for `connection` that the `afterInit` of a later gateway adds',
    plain: 'It is called after the `handleConnection` of the gateways before.',
    kit: 'It is called before every `handleConnection`.',
    why: 'The hooks of all gateways are called together, so that one set of events is held for them.',
  },
  'first-gateway-last': {
    what: 'the order of `afterInit`',
    plain:
      'The order of the modules and their providers. When the app sets an adapter, that of the first gateway runs last.',
    kit: 'As on plain Nest with an adapter that is set.',
    why: 'Nest 12 waits for the adapter once, when it sets up the first gateway.',
    nest: 12,
  },
  'held-until-ready': {
    what: 'an event that comes while an asynchronous `handleConnection` runs',
    plain: 'Its handler is called at once, before the client is set up.',
    kit: 'Its handler is called when the hook has settled.',
    why: 'No handler sees a client that is half set up.',
    recipe: '`handleConnectionTimeout: false`',
  },
  'hooks-in-order': {
    what: 'a client that leaves while its asynchronous `handleConnection` runs',
    plain: '`handleDisconnect` is called before `handleConnection` has ended.',
    kit: '`handleDisconnect` is called afterwards, or after twice `handleConnectionTimeout`.',
    why: 'What one hook sets up the other can clean up.',
    recipe: '`handleConnectionTimeout: false`',
  },
  'hooks-in-pairs': {
    what: 'a client that `handleConnection` disconnects at once',
    plain: '`handleDisconnect` is not called.',
    kit: '`handleDisconnect` is called.',
    why: 'Each connection has its end.',
  },
  'reason-of-disconnect': {
    what: 'the second argument of `handleDisconnect`',
    plain: 'There is none.',
    kit: 'It is the reason, as on Nest 12.',
    why: 'Both versions of Nest have one way.',
    nest: 11,
  },
  'scoped-gateways': {
    what: 'a request-scoped gateway, or one with a request-scoped provider',
    plain: 'It is not made: its fields and dependencies are `undefined`.',
    kit: 'It is made for each client, as on Nest 12.',
    why: 'Both versions of Nest have one way.',
    nest: 11,
  },
  'failing-handle-connection': {
    what: 'a client whose `handleConnection` fails',
    plain: 'It stays connected, unless the process ends.',
    kit: 'With a `WsException` it is told why, and disconnected. On a fault of the server the hook is called again for up to 10 s; then the connection is closed, and the client reconnects.',
    why: 'No client is served that was refused, or is not set up.',
    recipe: 'In `handleConnection`, catch errors that should not disconnect the client.',
  },
  'failing-middleware': {
    what: 'a client on which a middleware of its namespace throws',
    plain: 'It waits until `connectTimeout` (45 s), unless the process ends.',
    kit: 'Its connection is closed, so that it comes back by itself.',
    why: 'A fault of the server is no refusal.',
  },
  'failing-after-init': {
    what: 'an `afterInit` that fails',
    plain: 'The app starts, and its process ends.',
    kit: 'The app does not start.',
    why: 'Whoever starts the app has the error.',
  },
  'goes-on-once': {
    what: 'a middleware that goes on twice',
    plain: 'The client is let in twice, or its event is handled twice.',
    kit: 'The second time has no effect.',
    why: 'A client is in a namespace or is not, and an event comes once.',
  },
  'refusal-by-no-error': {
    what: 'a middleware that refuses a client by passing `next` something that is no `Error`',
    plain: '`connect_error` has an empty message.',
    kit: '`connect_error` has the text that `next` was given, or `Refused`.',
    why: 'Every failure is told.',
  },
  'answers-to-polls': {
    what: 'how much comes in one answer to a client that polls',
    plain: 'All that waits.',
    kit: 'Two megabytes at most, or one larger packet; the rest comes with the next poll.',
    why: 'A client that takes its time to read is seen to be there.',
  },
  limits: {
    what: 'an event that is nested deeper than 64 levels',
    plain: 'It is handled.',
    kit: 'The client is told `MESSAGE_TOO_DEEP`, and its connection is closed.',
    why: 'What walks through a message that is nested without end runs out of stack.',
    recipe: '`maxNesting`',
  },
  'denied-event': {
    what: 'an event that a middleware of `socket.use` denies',
    plain: 'The client is told nothing. Listeners for `error` are.',
    kit: 'The client is told in the ack, or by `exception`. Listeners for `error` are as well.',
    why: 'Every failure is told.',
  },
  'joining-again': {
    what: 'a client that asks for a namespace that it is in, or is leaving',
    plain: 'Its connection is closed.',
    kit: 'It leaves the namespace, and joins it anew.',
    why: 'A page that leaves and joins in one go is no attack.',
  },
  'pattern-with-flag': {
    what: 'a namespace that is a pattern with the flag `g` or `y`',
    plain: 'Every second client is refused.',
    kit: 'The flag makes no difference.',
    why: 'Whether there is a namespace does not depend on who asked before.',
  },
  'recovered-events-wait': {
    what: 'what a client has missed, where clients are authenticated',
    plain: 'It is sent before a middleware is asked whether the client may still come.',
    kit: 'It is sent when `authentication` has let the client in.',
    why: 'A user who was revoked meanwhile reads nothing.',
  },
  'one-client-a-session': {
    what: 'two clients that come back by one session',
    plain: 'Both are let in, by one id.',
    kit: 'The first has the session. The second is a new client.',
    why: 'An id is of one client.',
  },
  'missed-in-the-session': {
    what: 'a client that comes as a new one, loses its connection before it hears anything, and recovers its state',
    plain: 'It gets what was sent since its session before: `socket.io-client` keeps the offset of that one.',
    kit: 'It gets what was sent since it came as a new one.',
    why: 'Nobody gets what was sent before its session.',
  },
  'left-rooms-stay-left': {
    what: 'a client that has recovered its state, leaves a room, leaves by itself, and comes again',
    plain: 'It recovers its state from before once more: it is in the room again, and gets what it has had.',
    kit: 'It comes as a new client.',
    why: 'Who has left a room does not read on.',
  },
  'second-attach': {
    what: 'a server that is attached to a further HTTP server',
    plain: 'It serves both.',
    kit: 'It is an error.',
    why: 'Limits, origins and the shutdown are bound to one server.',
    recipe: 'Give a gateway a port of its own.',
  },
  'options-that-disagree': {
    what: 'the options of several gateways on one server',
    plain: 'Those of the first count, and the rest is lost.',
    kit: 'Those of all count. Two that disagree are an error at boot.',
    why: 'No option is lost in silence.',
  },
  'cors-by-default': {
    what: 'pages of other origins, where nothing is said of `cors`',
    plain: 'They are refused on polling, and let in on websocket.',
    kit: 'They are let in on both; in production a warning says so.',
    why: 'Both transports have one rule.',
    recipe: '`cors: { origin: false }`, or the origins that are allowed.',
  },
  'origins-are-enforced': {
    what: 'a connection from an origin that `cors.origin` does not allow',
    plain: 'It is let in by websocket, and by polling where the client is no browser.',
    kit: 'It is refused.',
    why: 'No browser looks at `cors` for a websocket.',
    recipe: "`cors: { origin: '*' }`",
  },
  'told-why': {
    what: 'a packet that cannot be decoded',
    plain: 'The connection is closed without a word.',
    kit: 'The client is told `PARSE_ERROR` by `exception` before.',
    why: 'Every failure is told.',
  },
  'log-of-refusals': {
    what: 'the log of clients that are refused, or cut off for what they send',
    plain: 'It has nothing of it.',
    kit: 'It has a warning.',
    why: 'Operators can tell a wrong setting from an attack.',
  },
  'log-of-clients': {
    what: 'the log of clients that come and go',
    plain: 'It has nothing of them.',
    kit: '`EventsGateway` logs its start, and each client of the main namespace.',
    why: 'Operators see who is connected.',
    recipe: '`eventsGateway: false`',
  },
  'clients-leave-first': {
    what: 'when `handleDisconnect` is called as the app is closed',
    plain: 'After `onModuleDestroy` and `beforeApplicationShutdown`.',
    kit: 'Before them.',
    why: 'No provider is destroyed that a client still uses.',
    recipe: "`shutdown: { drainAfter: 'beforeApplicationShutdown' }`",
  },
  'told-of-the-shutdown': {
    what: 'the clients of an app that is closed',
    plain: 'Their connections end.',
    kit: 'They get `server:shutdown`, their events are handled, and then their connections end.',
    why: 'Their requests are answered before they reconnect elsewhere.',
    recipe: '`shutdown: { event: false }`',
  },
} satisfies Record<string, Difference>;

export const differences: Record<keyof typeof table, Difference> = table;
