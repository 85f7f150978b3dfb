// Many clients in a process of their own: they speak Socket.IO by hand, so that ten thousand of them cost little.
import { WebSocket } from 'ws';
import { obey } from '../../support/obey.js';

const [port] = process.argv.slice(2);
/** How many addresses the clients come from: 127.0.0.1 and up. */
const ADDRESSES = 100;

const clients = new Set();
let next = 0;
let received = 0;
let refused = 0;

function connect() {
  const localAddress = `127.0.0.${(next % ADDRESSES) + 1}`;
  next += 1;
  const url = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket&token=secret-in-the-query`;
  const socket = new WebSocket(url, { localAddress, perMessageDeflate: false });
  return new Promise((resolve) => {
    socket.on('message', (data) => {
      const text = Buffer.from(data).toString();
      if (text.startsWith('0')) socket.send('40{"token":"secret-in-the-auth"}');
      else if (text === '2') socket.send('3');
      else if (text.startsWith('42["news"')) received += 1;
      else if (text.startsWith('40')) {
        clients.add(socket);
        resolve();
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (!clients.delete(socket)) refused += 1;
      resolve();
    });
  });
}

async function leave() {
  const closed = [...clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of clients) {
    socket.send('42["echo","secret-in-a-payload"]');
    socket.close();
  }
  await Promise.all(closed);
}

const commands = {
  async connect(count) {
    // So many at a time; a listening socket has a backlog of some hundreds.
    for (let begun = 0; begun < count; begun += 100) {
      await Promise.all(Array.from({ length: Math.min(100, count - begun) }, connect));
    }
    return { connected: clients.size, refused };
  },
  leave,
  async comeAndGo(count) {
    for (let begun = 0; begun < count; begun += 100) {
      await Promise.all(Array.from({ length: Math.min(100, count - begun) }, connect));
      await leave();
    }
    return { refused };
  },
  received: () => received,
};

obey(commands);
