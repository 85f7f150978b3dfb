import { Answering } from '../child/answering.js';
import { TestPipe } from '../child/test-pipe.js';
import { openFileLimit } from './open-file-limit.js';
import type { News, Questions } from './protocol.js';
import { Sockets } from './sockets.js';

/* The process of a crowd's clients: plain Node runs this file. It ends with the process that started it. */

const sockets = new Sockets((news) => test.tell(news));

const test = new Answering<News, Questions>(
  new TestPipe(),
  {
    openFileLimit,
    open: (question) => sockets.open(question),
    emit: (question) => sockets.emit(question),
    emitWithAck: (question) => sockets.emitWithAck(question),
    sendFence: (fence) => sockets.sendFence(fence),
    awaitFence: ({ fence, unsent }) => sockets.awaitFence(fence, unsent),
    disconnect: (clients) => sockets.disconnect(clients),
  },
  { beforeAnswer: () => sockets.tellNews() },
);
