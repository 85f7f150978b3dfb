import { createAdapter } from '@socket.io/cluster-adapter';
import { WebsocketModule } from 'nest-realtime-kit';
import { usage } from '../processes/usage.js';
import { bootNest } from './nest.js';

// A worker of Node's cluster: tells the port that it listens on, and what it has used whenever it is asked.
const adapter = createAdapter() as never;
const port = await bootNest(Number(process.argv[2]), [WebsocketModule.forRoot({ limits: false, adapter })]);
process.on('message', (message) => {
  if (message === 'usage') process.send!(usage());
});
process.send!(port);
