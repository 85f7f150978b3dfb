import * as fc from 'fast-check';
import { encodeFrame, frames, messageFrame } from './frames.js';
import { jsonValues } from './json.js';

/** Bytes for a TCP connection of their own. */
export interface RawInput {
  /** A character is a byte. `$SID` in it is replaced with the id of an open polling connection. */
  readonly bytes: string;
  /** After how many of them there is a pause; none where it is beyond their end. */
  readonly pauseAfter: number;
  readonly ending: 'end' | 'reset';
}

const paths = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .record({
        EIO: fc.constantFrom('4', '4', '4', '3', '', '5', '4&EIO=3', '__proto__'),
        transport: fc.constantFrom(
          'polling',
          'polling',
          'websocket',
          'webtransport',
          '',
          '__proto__',
          'polling&transport=websocket',
        ),
        rest: fc.constantFrom(
          '',
          '',
          '&sid=$SID',
          '&sid=$SID',
          '&sid=$SID',
          '&sid=',
          '&sid=__proto__',
          '&sid=$SID%00',
          `&sid=${'x'.repeat(5_000)}`,
          '&j=0',
          '&j=x&sid=$SID',
          '&b64=1',
          '&%',
          '&=&&',
        ),
      })
      .map(({ EIO, transport, rest }) => `/socket.io/?EIO=${EIO}&transport=${transport}${rest}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '/',
      '*',
      '//',
      '/socket.io',
      '//socket.io/',
      '/socket.io/%',
      '/socket.io/../../package.json',
      '/socket.io/socket.io.js',
      '/socket.io/socket.io.esm.min.js.map',
      'http://[/socket.io/?EIO=4&transport=polling',
      'http://127.0.0.1/socket.io/?EIO=4&transport=polling',
      '/socket.io/?EIO=4&transport=polling#x',
      '/%00',
      `/${'x'.repeat(20_000)}`,
    ),
  },
);

const headers = fc.constantFrom(
  'Connection: keep-alive',
  'Connection: close',
  'Connection: Upgrade',
  'Connection: Upgrade, keep-alive',
  'Connection: ,,,',
  'Upgrade: websocket',
  'Upgrade: WebSocket',
  'Upgrade: h2c',
  'Upgrade: ',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Version: 8',
  'Sec-WebSocket-Version: x',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Key: short',
  'Sec-WebSocket-Protocol: a, b,, c',
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99',
  'Content-Type: application/octet-stream',
  'Content-Type: application/json',
  'Content-Type: text/plain; charset=utf-16',
  'Content-Type: ',
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: 60000',
  'Content-Length: 99999999999999999999',
  'Content-Length: -1',
  'Content-Encoding: gzip',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: x',
  'Expect: 100-continue',
  'Expect: x',
  'Accept-Encoding: gzip;q=x, *;q=0',
  'Origin: null',
  'Origin: http://\xff\xfe',
  'Origin: ',
  'Cookie: io=\x01',
  'Cookie: =; =; __proto__=1',
  'User-Agent: ;MSIE Trident/',
  'If-None-Match: "x"',
  'Range: bytes=0-,-1,9-1',
  'X-Forwarded-For: 1.2.3.4, x, , [::1]:99999',
  'Access-Control-Request-Method: PUT',
  'Access-Control-Request-Headers: \xe9, __proto__',
  'Host: a, b',
  'Host:',
  ': no name',
  ' folded',
  'No-Colon',
  `X-Long: ${'x'.repeat(17_000)}`,
  Array.from({ length: 300 }, (_, index) => `X-${index}: 1`).join('\r\n'),
  Array.from({ length: 300 }, () => 'Connection: keep-alive').join('\r\n'),
);

const payloads = fc.oneof(
  fc.constantFrom(
    '',
    '40',
    '40\x1e42["echo",1]',
    '\x1e\x1e\x1e',
    '40\x1e',
    '\x1e40\x1e1\x1e42["echo"]',
    '2:40',
    '5:40/chat,',
    '4\x1eb\x1ebAAAA\x1e',
    'b%%%',
    'd=40',
    'd=4%30%',
    '\xff\xfe\xc0\x80',
    '0\r\n\r\n',
    '5\r\n40\x1e41\r\n0\r\n\r\n',
    '5\r\n40\x1e4',
    'fffffffff\r\n40\r\n',
    'x\r\n40\r\n',
    '2;ext="\r\n40\r\n0\r\nTrailer: x\r\n\r\n',
  ),
  jsonValues.map((value) => `40\x1e42["echo",${value}]`),
  fc
    .array(frames, { maxLength: 4 })
    .map((list) => Buffer.concat(list.map((frame) => encodeFrame(frame))).toString('latin1')),
);

const requests = fc
  .record({
    method: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('GET', 'POST') },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          'OPTIONS',
          'HEAD',
          'PUT',
          'DELETE',
          'PATCH',
          'CONNECT',
          'TRACE',
          'PRI',
          'QUERY',
          'get',
          'FOO',
          '',
          '\x16\x03\x01',
        ),
      },
    ),
    path: paths,
    version: fc.constantFrom(' HTTP/1.1', ' HTTP/1.1', ' HTTP/1.1', ' HTTP/1.0', ' HTTP/2.0', ' HTTP/9', ' FTP/1', ''),
    lines: fc.array(headers, { maxLength: 6 }),
    lineEnd: fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r'),
    body: payloads,
    tellsLength: fc.boolean(),
  })
  .map(({ method, path, version, lines, lineEnd, body, tellsLength }) =>
    [
      `${method} ${path}${version}`,
      'Host: 127.0.0.1',
      ...lines,
      ...(tellsLength ? [`Content-Length: ${body.length}`] : []),
      lineEnd + body,
    ].join(lineEnd),
  );

const upgrade = (query: string): string =>
  [
    `GET /socket.io/?EIO=4&transport=websocket${query} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    '\r\n',
  ].join('\r\n');

const post = (body: string): string =>
  [
    'POST /socket.io/?EIO=4&transport=polling&sid=$SID HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: text/plain;charset=UTF-8',
    `Content-Length: ${body.length}`,
    `\r\n${body}`,
  ].join('\r\n');

const get = 'GET /socket.io/?EIO=4&transport=polling&sid=$SID HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';

const frame = (text: string): string => messageFrame(text).toString('latin1');

/** What clients of Socket.IO send where they mean well. */
const captures = [
  upgrade('') + frame('40') + frame('42["echo",{"a":1}]') + frame('421["echo",[1,2]]'),
  upgrade('') +
    frame('40/chat,{"user":{"name":"name"}}') +
    frame('42/chat,7["reply",{"text":"t"}]') +
    frame('41/chat,'),
  upgrade('') +
    frame('40') +
    frame('451-["echo",{"_placeholder":true,"num":0}]') +
    messageFrame(Buffer.from('bytes')).toString('latin1'),
  // What an upgrade looks like.
  upgrade('&sid=$SID') + frame('2probe') + frame('5') + frame('40') + frame('42["echo"]'),
  'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n\r\n',
  post('40') + get,
  post('40\x1e421["echo",{"a":[1,2,3]}]') + get,
  post('40\x1e451-["echo",{"_placeholder":true,"num":0}]\x1ebAAECAw==') + get,
  get + post('40') + post('42["echo later"]') + post('1'),
];

type Edit = (text: string, at: number) => string;

const edits = fc.oneof(
  fc.nat({ max: 7 }).map(
    (bit): Edit =>
      (text, at) =>
        replace(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << bit))),
  ),
  fc.string({ unit: fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 6 }).map(
    (bytes): Edit =>
      (text, at) =>
        replace(text, at, 0, bytes),
  ),
  fc.constantFrom('\r\n', '\n', '\0', '\x1e', '\xff', '-', '9999999999', '"', '[', ',', ': ').map(
    (bytes): Edit =>
      (text, at) =>
        replace(text, at, 1, bytes),
  ),
  fc.integer({ min: 1, max: 40 }).map(
    (length): Edit =>
      (text, at) =>
        replace(text, at, length, ''),
  ),
  fc.integer({ min: 1, max: 40 }).map(
    (length): Edit =>
      (text, at) =>
        replace(text, at, 0, text.slice(at, at + length)),
  ),
  fc.constant<Edit>((text, at) => text.slice(0, at)),
  fc.constant<Edit>((text, at) => text.slice(at) + text.slice(0, at)),
);

function replace(text: string, at: number, length: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + length);
}

const mutants = fc
  .record({
    capture: fc.constantFrom(...captures),
    changes: fc.array(
      fc.record({ edit: edits, where: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }) }),
      {
        maxLength: 4,
      },
    ),
  })
  .map(({ capture, changes }) =>
    changes.reduce((text, { edit, where }) => edit(text, Math.floor(where * text.length)), capture),
  );

export const rawInputs: fc.Arbitrary<RawInput> = fc.record({
  bytes: fc.oneof(
    { weight: 4, arbitrary: requests },
    { weight: 1, arbitrary: fc.array(requests, { minLength: 2, maxLength: 4 }).map((list) => list.join('')) },
    { weight: 6, arbitrary: mutants },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  ),
  pauseAfter: fc.oneof(fc.constant(Infinity), fc.nat({ max: 200 })),
  ending: fc.constantFrom('end', 'reset'),
});
