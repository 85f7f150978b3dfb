// What no well-behaved client does, in a process of its own.
import { connect as connectTcp } from 'node:net';
import { constants, setPriority } from 'node:os';
import { WebSocket } from 'ws';
import { obey } from '../../support/obey.js';

// A real one is on another machine, and takes no CPU time from the server and the bystander.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const [port] = process.argv.slice(2);
const url = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`;

/** A client that has joined the main namespace; none where it was refused. */
function join() {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('close', () => resolve(undefined));
    socket.on('message', (data) => {
      const text = Buffer.from(data).toString();
      if (text.startsWith('0')) socket.send('40');
      else if (text === '2') socket.send('3');
      else if (text.startsWith('40')) resolve(socket);
    });
  });
}

/** Sends as fast as the other end takes it, until it is all sent or the connection is closed. @returns how many were sent */
async function flood(messages, make) {
  const socket = await join();
  let sent = 0;
  while (sent < messages && socket.readyState === WebSocket.OPEN) {
    for (let batch = 0; batch < 1_000 && sent < messages; batch += 1, sent += 1) socket.send(make(sent));
    while (socket.bufferedAmount > 1_000_000 && socket.readyState === WebSocket.OPEN) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const isOpen = socket.readyState === WebSocket.OPEN;
  const closed = isOpen ? new Promise((resolve) => socket.once('close', resolve)) : undefined;
  const timeout = new Promise((resolve) => setTimeout(resolve, 5_000, 'still open'));
  const outcome = await Promise.race([closed, timeout]);
  // Behind what was sent.
  socket.close();
  await closed;
  return { sent, disconnected: outcome !== 'still open' };
}

const commands = {
  /** So many at once, and again when they have been answered: what a bystander sees of one time is little. */
  async connections(count) {
    const admitted = [];
    for (let time = 0; time < 5; time += 1) {
      const sockets = await Promise.all(Array.from({ length: count }, join));
      admitted.push(...sockets.filter((socket) => socket !== undefined));
    }
    for (const socket of admitted) socket.terminate();
    return admitted.length;
  },
  messages: (count) => flood(count, (sent) => `42["tally",${sent}]`),
  /** On four connections: a single one is held to its rate for half a minute. */
  async namespaces(count) {
    const floods = Array.from({ length: 4 }, () => flood(count / 4, (sent) => `40/unknown-${sent},`));
    return { disconnected: (await Promise.all(floods)).some(({ disconnected }) => disconnected) };
  },
  /** Opens polling sessions and leaves each of them with a packet that is none. @returns how many were admitted, in how many seconds */
  async badPolling(count) {
    const began = performance.now();
    let admitted = 0;
    const one = async () => {
      const polling = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`;
      const opened = await fetch(polling);
      const text = await opened.text();
      if (opened.status !== 200) return;
      admitted += 1;
      const { sid } = JSON.parse(text.slice(1));
      await fetch(`${polling}&sid=${sid}`, { method: 'POST', body: 'not a packet' }).then((response) =>
        response.text(),
      );
    };
    for (let begun = 0; begun < count; begun += 50) await Promise.allSettled(Array.from({ length: 50 }, one));
    return { admitted, seconds: (performance.now() - began) / 1_000 };
  },
  /** So many join, and read no more. */
  async notReading(count) {
    for (let opened = 0; opened < count; opened += 50) {
      await Promise.all(Array.from({ length: Math.min(50, count - opened) }, () => commands.oneNotReading()));
    }
  },
  async oneNotReading() {
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => {});
    const headers =
      'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
    socket.write(`GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    // A text frame of two bytes, masked by zeros.
    socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]));
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
  },
};

obey(commands);
