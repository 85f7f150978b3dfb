import type { IncomingMessage } from 'node:http';

/**
 * Bounds the time that a client takes to send the body of a polling request. It is answered with a 408, and the TCP
 * connection closed, which Engine.IO takes as the end of the client.
 *
 * @param timeout in milliseconds
 */
export function boundBody(request: IncomingMessage, timeout: number): void {
  if (request.method !== 'POST') return;
  const deadline = setTimeout(() => {
    // Past the response, which Engine.IO would answer a second time if the body came after all.
    request.socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    request.destroy();
  }, timeout).unref();
  request.once('close', () => clearTimeout(deadline));
}
