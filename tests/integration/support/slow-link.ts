import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP link to a port of this machine, by which so many bytes a second come back. */
export interface SlowLink extends AsyncDisposable {
  readonly url: string;
}

const TICK = 20;

export async function startSlowLink(port: number, bytesPerSecond: number): Promise<SlowLink> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    const timer = setInterval(() => {
      const chunk = far.read(Math.min(far.readableLength, (bytesPerSecond * TICK) / 1_000)) as Buffer | null;
      if (chunk) near.write(chunk);
    }, TICK);
    far.on('close', () => clearInterval(timer));
    // Read by the timer alone: what is not read fills the link.
    far.on('readable', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
