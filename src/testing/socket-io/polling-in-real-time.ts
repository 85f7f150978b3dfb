import { NodeWebSocket, NodeXHR, WebTransport, type ManagerOptions } from 'socket.io-client';
import { setTimeout } from '../timing/real-time.js';

/** The XMLHttpRequest of `xmlhttprequest-ssl`. */
interface XmlHttpRequest {
  readonly readyState: number;
  onreadystatechange(): void;
  dispatchEvent(event: string): void;
}

type Transports = Partial<ManagerOptions>['transports'];

const DONE = 4;

/**
 * Transports with which a client polls in real time, even if a test fakes the time of the app. XMLHttpRequest for Node
 * reports the end of a request with the current `setTimeout`, and no option changes that
 * (https://github.com/mjwwit/node-XMLHttpRequest/blob/master/lib/XMLHttpRequest.js). Transports that do not poll, and
 * those given as classes, are not changed.
 */
export function pollingInRealTime(transports: NonNullable<Transports>): Transports {
  if (!(transports as readonly unknown[]).includes('polling')) return transports;
  const implementations = new Map<unknown, unknown>([
    ['polling', RealTimePolling],
    ['websocket', NodeWebSocket],
    ['webtransport', WebTransport],
  ]);
  // Socket.IO accepts names or classes, but not both. Its types accept only names.
  return transports.map((transport) => implementations.get(transport) ?? transport) as Transports;
}

class RealTimePolling extends NodeXHR {
  override request(options?: Parameters<NodeXHR['request']>[0]) {
    const request = super.request(options);
    const { _xhr: xhr } = request as object as { _xhr: XmlHttpRequest };
    const dispatch = xhr.dispatchEvent.bind(xhr);
    xhr.dispatchEvent = (event) => {
      if (xhr.readyState !== DONE) dispatch(event);
      else if (event === 'readystatechange') setTimeout(() => xhr.onreadystatechange(), 0);
    };
    return request;
  }
}
