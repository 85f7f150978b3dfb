import { read } from './blocks.js';

/** Where the docstrings of a group of options are: an object of rules, or an interface. */
interface Group {
  readonly title: string;
  readonly file: string;
  readonly of: string;
  /** Of options inside of another. */
  readonly within?: string;
}

const groups: readonly Group[] = [
  { title: 'The module', file: 'websocket', of: 'moduleOptions' },
  { title: 'Who may open a connection', file: 'handshake', of: 'handshakeOptions' },
  { title: 'Authentication', file: 'authentication', of: 'AuthenticationOptions', within: 'authentication' },
  { title: 'Errors', file: 'errors', of: 'errorsOptions', within: 'errors' },
  { title: 'Limits', file: 'limits', of: 'limits', within: 'limits' },
  { title: 'Memory', file: 'memory', of: 'memoryOptions' },
  { title: 'Shutdown', file: 'shutdown', of: 'shutdownOptions', within: 'shutdown' },
  { title: 'Redis', file: 'redis', of: 'fields', within: 'redis' },
];

/** The page of `docs/` with the module's options, from their docstrings. */
export function optionsPage(): string {
  return `# Options

<!-- Generated from src/websocket/options by \`pnpm docs:options\`. -->

\`WebsocketModule.forRoot(options)\` takes the options of this page, and all of Socket.IO's \`ServerOptions\` by their own
names. \`forRootAsync({ inject, useFactory })\` takes a function that returns them. A misspelt option, or one with a wrong
value, stops the boot with an error that names it; other unknown names go to Socket.IO. Options of the module override
those of \`@WebSocketGateway()\`.

## Socket.IO's options

They keep Socket.IO's defaults, but for \`cors\`. These are set most often;
[Socket.IO's documentation](https://socket.io/docs/v4/server-options/) has all.

| option | default | what it does |
| --- | --- | --- |
| \`cors\` | \`{ origin: '*' }\` | Which origins may connect, on websocket and polling, and whether with cookies. |
| \`path\` | \`'/socket.io'\` | The path of the server. |
| \`transports\` | \`['polling', 'websocket']\` | How clients may connect. |
| \`pingInterval\`, \`pingTimeout\` | \`25000\`, \`20000\` | The heartbeat, in milliseconds. |
| \`maxHttpBufferSize\` | \`1000000\` | How large a message may be, in bytes, attachments included. A larger one ends its connection. |
| \`allowRequest\` | | A function that decides about each handshake. |
| \`adapter\`, \`parser\` | in-memory, JSON | Another adapter or parser. |
| \`connectionStateRecovery\` | off | Lets clients that come back get what they have missed. |
| \`perMessageDeflate\` | \`false\` | Compression of WebSocket messages. |

${groups.map(sectionOf).join('\n\n')}
`;
}

function sectionOf({ title, file, of, within }: Group): string {
  const rows = optionsOf(`src/websocket/options/${file}.options.ts`, of).map(
    ({ name, text, byDefault }) => `| \`${within ? `${within}.` : ''}${name}\` | ${byDefault} | ${text} |`,
  );
  return [`## ${title}`, '', '| option | default | what it does |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Each member with its docstring, as the formatter lays them out. */
const MEMBER = /^ {2}(?:\/\*\*([^]*?)\*\/\n {2})?(\w+)\??: /gm;

function optionsOf(path: string, of: string): { name: string; text: string; byDefault: string }[] {
  const [, members = ''] =
    new RegExp(`^export interface ${of}\\b[^]*?\\{\\n([^]*?)^\\}`, 'm').exec(read(path)) ??
    new RegExp(`^(?:export )?const ${of} = \\{\\n([^]*?)^\\}`, 'm').exec(read(path)) ??
    [];
  const options = Array.from(members.matchAll(MEMBER), ([, doc, name = '']) => {
    if (doc === undefined) throw new Error(`The option "${name}" of ${path} has no docstring.`);
    const [text = '', byDefault = ''] = oneLine(doc).split(' @default ');
    return { name, text, byDefault: showDefault(byDefault) };
  });
  if (options.length === 0) throw new Error(`${path} has no options in "${of}".`);
  return options;
}

/** Without the asterisks, and with links as code. */
function oneLine(doc: string): string {
  const text = doc.replaceAll(/^\s*\*? ?/gm, ' ').replaceAll(/\{@link (\w+)\}/g, '`$1`');
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}

function showDefault(text: string): string {
  const [, unset] = /^undefined \((.*)\)$/.exec(text) ?? [];
  if (unset !== undefined) return `not set: ${unset}`;
  if (text === 'the defaults of each') return 'see below';
  return /^(?:\d+|true|false|'[^']*'|\{.*\})$/.test(text) ? `\`${text}\`` : text;
}
