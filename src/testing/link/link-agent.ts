import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { connect, type NetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Link } from './link.js';

type CreateConnection = HttpsAgent['createConnection'];

/**
 * An agent whose connections are those of a link. Apart from that, it is the agent that Node makes for a request
 * without one: each request has a connection of its own.
 *
 * @param isSecure whether it is for https; the link is below the encryption, as a network is
 */
export function agentOf(link: Link, isSecure: boolean): HttpAgent {
  const agent = isSecure ? new HttpsAgent({ maxCachedSessions: 0 }) : new HttpAgent();
  const encrypt: CreateConnection = agent.createConnection.bind(agent);
  const createConnection: CreateConnection = (options, callback) => {
    let socket: Duplex;
    try {
      socket = link.open(
        () => connect({ ...(options as NetConnectOpts), allowHalfOpen: true }),
        options.method === 'GET',
      );
    } catch (error) {
      // Node takes no stream together with an error.
      (callback as ((refusal: unknown) => void) | undefined)?.(error);
      return undefined;
    }
    return isSecure ? encrypt({ ...options, socket } as RequestOptions, callback) : socket;
  };
  return Object.assign(agent, { createConnection });
}
