import * as socketIoClient from 'socket.io-client';
import { setTimeout } from '../timing/real-time.js';

/** Socket.IO exports its transports since 4.8.1. */
const { NodeXHR, NodeWebSocket, WebTransport } = socketIoClient as Partial<typeof socketIoClient>;

/** The XMLHttpRequest of `xmlhttprequest-ssl`. */
interface XmlHttpRequest {
  readonly readyState: number;
  onreadystatechange(): void;
  dispatchEvent(event: string): void;
}

type Transports = Partial<socketIoClient.ManagerOptions>['transports'];

const DONE = 4;

/**
 * Transports with which a client polls in real time, even if a test fakes the time of the app. XMLHttpRequest for Node
 * reports the end of a request with the current `setTimeout`, and no option changes that
 * (https://github.com/mjwwit/node-XMLHttpRequest/blob/master/lib/XMLHttpRequest.js). Transports that do not poll, and
 * those given as classes, are not changed.
 */
export function pollingInRealTime(transports: NonNullable<Transports>): Transports {
  if (!NodeXHR || !(transports as readonly unknown[]).includes('polling')) return transports;
  const polling = realTimePolling(NodeXHR);
  const implementations = new Map<unknown, unknown>([
    ['polling', polling],
    ['websocket', NodeWebSocket],
    ['webtransport', WebTransport],
  ]);
  // Socket.IO accepts names or classes, but not both. Its types accept only names.
  return transports.map((transport) => implementations.get(transport) ?? transport) as Transports;
}

function realTimePolling(Polling: typeof socketIoClient.NodeXHR): typeof socketIoClient.NodeXHR {
  return class extends Polling {
    override request(options?: Parameters<InstanceType<typeof Polling>['request']>[0]) {
      const request = super.request(options);
      const { _xhr: xhr } = request as object as { _xhr: XmlHttpRequest };
      const dispatch = xhr.dispatchEvent.bind(xhr);
      xhr.dispatchEvent = (event) => {
        if (xhr.readyState !== DONE) dispatch(event);
        else if (event === 'readystatechange') setTimeout(() => xhr.onreadystatechange(), 0);
      };
      return request;
    }
  };
}
