import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { RawInput } from '../inputs/requests.js';
import { reset } from './reset.js';
import type { VisitLog } from './visit-log.js';

/** How long the server is given to say something, in milliseconds. Much of what is sent has no answer. */
const PATIENCE = 15;

/** Sends bytes, each on a TCP connection of its own, whatever the server says to it. */
export async function visitByTcp(url: URL, inputs: readonly RawInput[], log: VisitLog): Promise<void> {
  let sid: string | undefined;
  for (const { bytes, pauseAfter, ending } of inputs) {
    const needsSid = bytes.includes('$SID');
    if (needsSid) sid ??= await openPolling(url);
    const text = needsSid ? bytes.replaceAll('$SID', sid!) : bytes;
    const answer = await send(url, Buffer.from(text, 'latin1'), pauseAfter, ending);
    log.inputs += 1;
    if (needsSid && !answer.startsWith('HTTP/1.1 200 ')) sid = undefined;
  }
}

async function openPolling(url: URL): Promise<string> {
  const response = await fetch(new URL('/socket.io/?EIO=4&transport=polling', url));
  const [, sid] = /"sid":"([^"]+)"/.exec(await response.text()) ?? [];
  if (!sid) throw new Error(`A handshake was refused: ${response.status}`);
  return sid;
}

async function send(url: URL, bytes: Buffer, pauseAfter: number, ending: RawInput['ending']): Promise<string> {
  const tcp = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  let answer = '';
  tcp.on('error', () => {});
  tcp.on('data', (chunk) => (answer += chunk.toString('latin1')));
  const closed = new Promise<void>((resolve) => tcp.once('close', () => resolve()));
  const answered = new Promise<void>((resolve) => tcp.once('data', () => resolve()));
  tcp.write(bytes.subarray(0, pauseAfter));
  if (pauseAfter < bytes.length) {
    await delay(1);
    if (tcp.writable) tcp.write(bytes.subarray(pauseAfter));
  }
  await Promise.race([answered, closed, delay(PATIENCE)]);
  if (ending === 'reset') reset(tcp);
  else tcp.end();
  await Promise.race([closed, delay(PATIENCE)]);
  tcp.destroy();
  return answer;
}
