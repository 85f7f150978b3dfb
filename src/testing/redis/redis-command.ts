import { connect } from 'node:net';

/** How long Redis may take to answer, in milliseconds. */
const TIMEOUT = 5_000;

/**
 * Sends a command to Redis as a line of text, which needs no client library.
 *
 * @returns the first line of the answer; `undefined` if Redis cannot be reached or closes the connection
 */
export async function redisCommand(url: string, command: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    answer += text;
    if (answer.includes('\r\n')) socket.destroy();
  });
  socket.on('error', () => {});
  socket.setTimeout(TIMEOUT, () => socket.destroy());
  socket.write(`${command}\r\n`);
  await new Promise((resolve) => {
    socket.on('close', resolve);
  });
  return answer.split('\r\n', 1)[0] || undefined;
}
